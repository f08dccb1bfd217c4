/// Text of which every character is seen and nothing happens on the terminal that shows it.
///
/// Escape sequences set titles and hide text, the other controls overwrite it, and the controls of writing direction turn
/// it around (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>). Names, logs and answers of servers are
/// other people's words, so each line of ours goes through here before it is printed. Such a character becomes `\u{1B}`,
/// or `\u009b` where JSON may have it in a string: what is JSON stays JSON of the same content.
package enum VisibleText {
    /// Text of several lines and with tabs.
    package static func text(_ text: String) -> String { shown(text, keeping: [0x09, 0x0A]) }

    /// What belongs on one line, or into one cell of a table.
    package static func line(_ text: String) -> String { shown(text, keeping: []) }

    /// A line of a program's output, with its tabs and its colors, which end with the line.
    package static func output(_ text: String) -> String { shown(text, keeping: [0x09], colors: .kept) }

    /// A line of a program's output for a place that has other colors.
    package static func withoutColors(_ text: String) -> String { shown(text, keeping: [0x09], colors: .dropped) }

    private enum Colors { case shown, kept, dropped }

    private static func shown(_ text: String, keeping kept: Set<UInt32>, colors: Colors = .shown) -> String {
        if isHarmless(text) { return text }
        var shown = ""
        var rest = text.unicodeScalars[...]
        var isColored = false
        while let scalar = rest.first {
            if colors != .shown, let color = ColorSequence(beginningOf: rest) {
                if colors == .kept {
                    shown.unicodeScalars.append(contentsOf: rest.prefix(color.length))
                    isColored = !color.isReset
                }
                rest = rest.dropFirst(color.length)
                continue
            }
            rest = rest.dropFirst()
            if isHidden(scalar), !kept.contains(scalar.value) {
                shown += escape(scalar)
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return isColored ? shown + "\u{1B}[0m" : shown
    }

    /// True where a look at the bytes is enough, as for almost all text.
    private static func isHarmless(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            // Hidden characters begin with one of these bytes in UTF-8.
            bytes.allSatisfy { byte in
                switch byte {
                case 0..<0x20, 0x7F, 0xC2, 0xD8, 0xE1, 0xE2, 0xEF, 0xF3: false
                default: true
                }
            }
        }
    }

    /// True for what a terminal obeys, and for what changes how the text around it looks without being seen.
    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Marks and overrides of the writing direction: <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x206F: true
        // Line and paragraph separators; some terminals and pagers begin a line there.
        case 0x2028, 0x2029: true
        case 0x180E, 0x200B, 0x2060...0x2064, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        if scalar.value < 0x20 { return "\\u{\(String(scalar.value, radix: 16, uppercase: true))}" }
        return UTF16.encode(scalar).map { units in
            units.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        } ?? ""
    }
}

/// `ESC [ … m`, which changes colors and nothing else: <https://ecma-international.org/publications-and-standards/standards/ecma-48/>.
struct ColorSequence {
    private static let longest = 64

    /// How many characters it has.
    let length: Int
    /// True where all is as usual after it.
    let isReset: Bool

    init?(beginningOf text: Substring.UnicodeScalarView) {
        guard text.first == "\u{1B}" else { return nil }
        var parameters = ""
        for (index, scalar) in text.prefix(Self.longest).enumerated().dropFirst() {
            switch (index, scalar) {
            case (1, "["): continue
            case (2..., "0"..."9"), (2..., ";"), (2..., ":"): parameters.unicodeScalars.append(scalar)
            case (2..., "m"):
                length = index + 1
                isReset = parameters.allSatisfy { $0 == "0" }
                return
            default: return nil
            }
        }
        return nil
    }
}
