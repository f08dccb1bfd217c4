/// The encodings of a value, and the symbols that each kind of needles is made of.
extension SecretForms {
    /// Returns the content of a JSON string: <https://www.rfc-editor.org/rfc/rfc8259#section-7>.
    static func jsonEscaped(_ bytes: [UInt8]) -> [UInt8] {
        let letters: [UInt8: Character] = [0x0A: "n", 0x0D: "r", 0x09: "t", 0x08: "b", 0x0C: "f"]
        return bytes.flatMap { byte -> [UInt8] in
            if let letter = letters[byte]?.asciiValue { return [UInt8(ascii: "\\"), letter] }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [UInt8(ascii: "\\"), byte]
            case 0..<0x20: return Array("\\u00".utf8) + hexDigits(byte)
            default: return [byte]
            }
        }
    }

    /// Returns the percent-encoded form: <https://www.rfc-editor.org/rfc/rfc3986#section-2>.
    ///
    /// `upper` selects uppercase hexadecimal digits.
    static func urlEncoded(_ bytes: [UInt8], upper: Bool) -> [UInt8] {
        bytes.flatMap { byte -> [UInt8] in
            let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            if isDigit || EscapeDecoder.isLetter(byte) || "-._~".utf8.contains(byte) { return [byte] }
            let digits = hexDigits(byte)
            return [UInt8(ascii: "%")] + (upper ? digits.map { EscapeDecoder.isLetter($0) ? $0 & 0xDF : $0 } : digits)
        }
    }

    /// Returns the base64 digits that depend on the value alone.
    ///
    /// The value begins `offset` bytes into a group of three bytes.
    static func base64Core(_ bytes: [UInt8], offset: Int) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var digits: [UInt8] = []
        var bit = (6 - offset * 8 % 6) % 6
        while bit + 6 <= bytes.count * 8 {
            let high = Int(bytes[bit / 8]) << 8
            let low = bit / 8 + 1 < bytes.count ? Int(bytes[bit / 8 + 1]) : 0
            digits.append(alphabet[(high | low) >> (10 - bit % 8) & 63])
            bit += 6
        }
        return digits
    }

    static func urlSafe(_ digit: UInt8) -> UInt8 {
        switch digit {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        default: digit
        }
    }

    /// How shells and SQL write a quote inside quotes, with the backslashes decoded.
    static let quotedQuotes: [(key: UInt8, value: [UInt8])] = [
        (UInt8(ascii: "'"), Array("'''".utf8)), (UInt8(ascii: "'"), Array("'\"'\"'".utf8)),
        (UInt8(ascii: "'"), Array("''".utf8)), (UInt8(ascii: "\""), Array("\"\"".utf8)),
    ]

    static func hexDigits(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// Maps the several ways to write a character to one symbol: a space and a plus, a line break and the n of `\n`.
    ///
    /// Quotes are skipped because shells write `'` as `'\''` and SQL as `''`.
    static func looseKind(_ byte: UInt8) -> Needles.Kind {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): .skipped
        case UInt8(ascii: "\\"): .other
        case UInt8(ascii: "+"): .symbol(UInt8(ascii: " "))
        case 0x0A: .symbol(UInt8(ascii: "n"))
        case 0x0D: .symbol(UInt8(ascii: "r"))
        case 0x09: .symbol(UInt8(ascii: "t"))
        case 0x08: .symbol(UInt8(ascii: "b"))
        case 0x0C: .symbol(UInt8(ascii: "f"))
        case 0x0B: .symbol(UInt8(ascii: "v"))
        case 0x07: .symbol(UInt8(ascii: "a"))
        case 0x1B: .symbol(UInt8(ascii: "e"))
        // A non-ASCII character is one symbol, whether it is written in UTF-8 or as its number.
        case 0x80..<0xC0: .skipped
        case 0xC0...: .symbol(0x80)
        default: .symbol(byte)
        }
    }

    static func base64Kind(_ byte: UInt8) -> Needles.Kind {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"): .symbol(UInt8(ascii: "+"))
        case UInt8(ascii: "/"), UInt8(ascii: "_"): .symbol(UInt8(ascii: "/"))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .symbol(byte)
        case 0x0A, 0x0D: .skipped
        case 0x20, 0x09: .skippedAfterSkipped
        default: EscapeDecoder.isLetter(byte) ? .symbol(byte) : .other
        }
    }

    static func hexKind(_ byte: UInt8) -> Needles.Kind {
        if byte | 0x20 == UInt8(ascii: "x") { return .symbol(UInt8(ascii: "x")) }
        if let value = EscapeDecoder.hex(byte) { return .symbol(hexDigits(value)[1]) }
        return " \t\r\n:-,".utf8.contains(byte) ? .skipped : .other
    }
}
