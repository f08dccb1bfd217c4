/// Escapes text so that every character is visible and none controls the terminal.
///
/// Escape sequences set titles and hide text, other control characters overwrite it, and bidirectional controls reorder
/// it (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>). Names, logs and server answers come from
/// outside, so every printed line passes through here. Such a character becomes `\u{1B}`, or `\u009b` where JSON allows
/// it in a string, so that JSON remains JSON with the same content.
package enum VisibleText {
    /// Escapes text of several lines; keeps tabs.
    package static func text(_ text: String) -> String { shown(text, keeping: [0x09, 0x0A]) }

    /// Escapes text for one line or one table cell.
    package static func line(_ text: String) -> String { shown(text, keeping: []) }

    /// Escapes a line of a program's output; keeps tabs and colors, and resets the colors at the end.
    package static func output(_ text: String) -> String { shown(text, keeping: [0x09], colors: .kept) }

    /// Escapes a line of a program's output and removes its colors, for a place with colors of its own.
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

    /// Returns true where the bytes alone show that nothing needs escaping, as for almost all text.
    private static func isHarmless(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            // In UTF-8 every hidden character starts with one of these bytes.
            bytes.allSatisfy { byte in
                switch byte {
                case 0..<0x20, 0x7F, 0xC2, 0xD8, 0xE1, 0xE2, 0xEF, 0xF3: false
                default: true
                }
            }
        }
    }

    /// Returns true for terminal controls, and for invisible characters that change how the text around them looks.
    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Bidirectional marks and overrides: <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x206F: true
        // Line and paragraph separators; some terminals and pagers start a new line there.
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

/// A sequence `ESC [ … m`, which only changes colors.
/// <https://ecma-international.org/publications-and-standards/standards/ecma-48/>
struct ColorSequence {
    private static let longest = 64

    /// The number of Unicode scalars.
    let length: Int
    /// True where the sequence resets all attributes.
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
