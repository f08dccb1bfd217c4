/// A line printed by another program, shown so that it cannot be mistaken for a line of the program that shows it.
package struct ChildLine: Sendable, CustomStringConvertible {
    /// The prefix of the lines of the program that shows them.
    package static let ownMark = "caas: "

    /// The line as shown: prefixed with the name of its source where it could be mistaken for one of ours.
    package let description: String

    /// Creates a line from a source such as a stage.
    package init(_ line: String, of source: String) {
        let shown = VisibleText.output(line)
        // The name comes from a bucket, so it may be arbitrary text too.
        let name = Self.looksLikeOurs(source) ? "stage" : VisibleText.line(source)
        description = Self.looksLikeOurs(line) ? "\(name)| \(shown)" : shown
    }

    /// Returns true where a line visibly begins with our prefix, ignoring invisible characters, colors and spaces.
    private static func looksLikeOurs(_ line: String) -> Bool {
        var mark = "caas:".unicodeScalars[...]
        var rest = line.unicodeScalars[...]
        while let scalar = rest.first {
            if let color = ColorSequence(beginningOf: rest) {
                rest = rest.dropFirst(color.length)
                continue
            }
            rest = rest.dropFirst()
            let isBlank = scalar.properties.isWhitespace && (mark.first == "c" || mark.first == ":")
            if isBlank || VisibleText.isHidden(scalar) || scalar.properties.isDefaultIgnorableCodePoint { continue }
            if scalar.properties.generalCategory == .nonspacingMark { continue }
            guard lookAlike(scalar) == mark.first else { return false }
            mark = mark.dropFirst()
            if mark.isEmpty { return true }
        }
        return false
    }

    /// Returns the ASCII letter that a character looks like.
    /// <https://www.unicode.org/reports/tr39/#Confusable_Detection>
    private static func lookAlike(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "C", "\u{0441}", "\u{0421}", "\u{FF43}", "\u{FF23}", "\u{03F2}": "c"
        case "A", "\u{0430}", "\u{0410}", "\u{FF41}", "\u{FF21}", "\u{0251}", "\u{03B1}": "a"
        case "S", "\u{0455}", "\u{0405}", "\u{FF53}", "\u{FF33}": "s"
        case "\u{FF1A}", "\u{A789}", "\u{2236}", "\u{02D0}", "\u{0589}", "\u{05C3}": ":"
        default: scalar
        }
    }
}
