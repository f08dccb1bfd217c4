extension JSONValue {
    /// Returns the canonical form, so that equal values have equal digests.
    ///
    /// Names are sorted by their UTF-8 bytes, and there are no spaces.
    package func encoded() -> [UInt8] {
        var output: [UInt8] = []
        write(to: &output, indent: nil)
        return output
    }

    /// Returns a readable form: an indentation of two spaces and a final newline.
    package func prettyEncoded() -> [UInt8] {
        var output: [UInt8] = []
        write(to: &output, indent: 0)
        output.append(0x0A)
        return output
    }

    /// The text of ``encoded()``.
    package var text: String { String(decoding: encoded(), as: UTF8.self) }

    private func write(to output: inout [UInt8], indent: Int?) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let text): output.append(contentsOf: text.utf8)
        case .string(let text): Self.write(text, to: &output)
        case .array(let elements):
            Self.write(elements, "[", "]", to: &output, indent: indent) { element, output, indent in
                element.write(to: &output, indent: indent)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            Self.write(sorted, "{", "}", to: &output, indent: indent) { member, output, indent in
                Self.write(member.key, to: &output)
                output.append(contentsOf: (indent == nil ? ":" : ": ").utf8)
                member.value.write(to: &output, indent: indent)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], _ open: String, _ close: String, to output: inout [UInt8], indent: Int?,
        item: (Item, inout [UInt8], Int?) -> Void
    ) {
        output.append(contentsOf: open.utf8)
        let inner = indent.map { $0 + 1 }
        for (index, element) in items.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            newline(inner, to: &output)
            item(element, &output, inner)
        }
        if !items.isEmpty { newline(indent, to: &output) }
        output.append(contentsOf: close.utf8)
    }

    private static func newline(_ indent: Int?, to output: inout [UInt8]) {
        guard let indent else { return }
        output.append(0x0A)
        output.append(contentsOf: repeatElement(0x20, count: indent * 2))
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0x0A: output.append(contentsOf: "\\n".utf8)
            case 0x0D: output.append(contentsOf: "\\r".utf8)
            case 0x09: output.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                output.append(contentsOf: "\\u00\(hex.count == 1 ? "0" : "")\(hex)".utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
