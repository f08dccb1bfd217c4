/// A path as it is printed, with escapes for all characters that could mislead or control the terminal.
package struct QuotedName: Sendable, CustomStringConvertible {
    package let description: String

    /// Formats bytes, which need not be UTF-8, like `ls -Q` and `tar`: in quotes, with octal escapes.
    package init(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        if let text = String(validating: bytes, as: UTF8.self), text.unicodeScalars.allSatisfy(Self.isPlain),
            text.first != " ", text.last != " "
        {
            description = text
            return
        }
        var quoted = "\""
        var rest = bytes[...]
        while let byte = rest.first {
            if let (scalar, length) = Self.scalar(at: rest), Self.isPlain(scalar) {
                quoted.unicodeScalars.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                quoted += Self.escape(byte)
                rest = rest.dropFirst()
            }
        }
        description = quoted + "\""
    }

    private static func escape(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return "\\" + String(UnicodeScalar(byte))
        case 0x0A: return "\\n"
        case 0x0D: return "\\r"
        case 0x09: return "\\t"
        default:
            let digits = String(byte, radix: 8)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
    }

    private static func scalar(at bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
        for length in 1...4 where bytes.count >= length {
            if let text = String(validating: bytes.prefix(length), as: UTF8.self), let first = text.unicodeScalars.first
            {
                return (first, length)
            }
        }
        return nil
    }

    /// Returns whether a character is printed as it is.
    ///
    /// Control characters and those that change the direction of writing could show another name than the file has.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: scalar != "\\" && scalar != "\""
        }
    }
}
