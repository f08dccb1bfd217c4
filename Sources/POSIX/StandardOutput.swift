private import CLinux
import SystemPackage
private import Wording

/// Standard output, which carries a program's result.
package enum StandardOutput {
    /// Prints one or more lines with one write, from any thread; control characters are escaped.
    ///
    /// Escaped JSON remains JSON with the same content. Output to a reader that has gone is silently dropped.
    package static func print(_ line: String, terminator: String = "\n") {
        write(VisibleText.text(line) + terminator)
    }

    /// Prints a line of another program's output, which may contain colors.
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

    /// Duplicates the descriptor of standard output, for binary data.
    package static func file() throws(POSIXError) -> File {
        let descriptor = dup(1)
        guard descriptor >= 0 else { throw POSIXError.last("open", "standard output") }
        return File(owning: descriptor, path: "standard output")
    }

    package static var isTerminal: Bool { isatty(1) == 1 }

    /// True where a user can be asked: standard input and standard error are terminals.
    package static var isInteractive: Bool { isatty(0) == 1 && isatty(2) == 1 }
}
