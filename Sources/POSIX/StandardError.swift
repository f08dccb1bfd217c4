private import CLinux

/// What is said beside a program's result.
public enum StandardError {
    /// Prints a line, in one piece.
    public static func print(_ line: String) {
        var rest = Array("\(line)\n".utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in retrying { write(2, bytes.baseAddress, bytes.count) } }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
