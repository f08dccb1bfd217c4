private import CLinux
private import TerminalText

/// What is said beside a program's result.
package enum StandardError {
    /// True where a person may be looking.
    package static var isTerminal: Bool { isatty(2) == 1 }

    /// Prints a line, or several, in one piece; what came from outside changes nothing on a terminal.
    package static func print(_ line: String) { write("\(VisibleText.text(line))\n") }

    /// Writes text as it is, in one piece: for what controls a terminal on purpose.
    package static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in retrying { CLinux.write(2, bytes.baseAddress, bytes.count) } }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
