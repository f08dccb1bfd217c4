private import CLinux
import SystemPackage
private import TerminalText

/// A program's result.
package enum StandardOutput {
    /// Prints a line, or several, in one piece, from any thread; what came from outside changes nothing on a terminal.
    ///
    /// JSON stays JSON of the same content. A reader who left ends it silently.
    package static func print(_ line: String, terminator: String = "\n") {
        write(VisibleText.text(line) + terminator)
    }

    /// Prints a line of a program's output, which may have colors.
    package static func print(output line: String) { write(VisibleText.output(line) + "\n") }

    private static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in
                retrying { CLinux.write(1, bytes.baseAddress, bytes.count) }
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// A handle of its own, for what is no text.
    package static func file() throws(POSIXError) -> File {
        let descriptor = dup(1)
        guard descriptor >= 0 else { throw POSIXError.last("open", "standard output") }
        return File(owning: descriptor, path: "standard output")
    }

    /// True where the output goes to a terminal.
    package static var isTerminal: Bool { isatty(1) == 1 }

    /// True where somebody sits before a terminal, who can be asked.
    package static var isInteractive: Bool { isatty(0) == 1 && isatty(2) == 1 }
}
