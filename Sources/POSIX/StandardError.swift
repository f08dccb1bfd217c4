private import CLinux
private import Wording

/// Standard error, which carries messages besides a program's result.
package enum StandardError {
    package static var isTerminal: Bool { isatty(2) == 1 }

    /// Prints one or more lines with one write; control characters are escaped.
    package static func print(_ line: String) { write("\(VisibleText.text(line))\n") }

    /// Writes text unescaped with one write, for intended terminal control.
    package static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in retrying { CLinux.write(2, bytes.baseAddress, bytes.count) } }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
