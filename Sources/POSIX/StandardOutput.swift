private import CLinux

/// A program's result.
public enum StandardOutput {
    /// Prints a line in one piece, from any thread; a reader who left ends it silently.
    public static func print(_ line: String) {
        var rest = Array("\(line)\n".utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in retrying { write(1, bytes.baseAddress, bytes.count) } }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// True where somebody sits before a terminal, who can be asked.
    public static var isInteractive: Bool { isatty(0) == 1 && isatty(2) == 1 }
}
