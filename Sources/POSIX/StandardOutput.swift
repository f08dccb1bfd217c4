private import CLinux
import SystemPackage

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

    /// A handle of its own, for what is no text.
    public static func file() throws(POSIXError) -> File {
        let descriptor = dup(1)
        guard descriptor >= 0 else { throw POSIXError.last("open", "standard output") }
        return File(owning: descriptor, path: "standard output")
    }

    /// True where the output goes to a terminal.
    public static var isTerminal: Bool { isatty(1) == 1 }

    /// True where somebody sits before a terminal, who can be asked.
    public static var isInteractive: Bool { isatty(0) == 1 && isatty(2) == 1 }
}
