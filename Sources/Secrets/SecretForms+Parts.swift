/// The parts of a value that are secrets themselves.
extension SecretForms {
    /// Returns the value without surrounding white space, and what each `name=value` line of it assigns.
    static func parts(_ value: [UInt8]) -> [[UInt8]] {
        guard value.count >= shortest else { return [] }
        let bare = trimmed(value[...])
        var parts = [bare.count >= shortest ? bare : value]
        // A file has line breaks. The value of a one-line variable has none and is not read as an assignment.
        guard value.contains(0x0A) else { return parts }
        for line in lines(value) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            var assigned = trimmed(line[(equals + 1)...])
            if let quote = assigned.first, "\"'".utf8.contains(quote), assigned.last == quote, assigned.count > 1 {
                assigned = Array(assigned.dropFirst().dropLast())
            }
            if assigned.count >= shortest { parts.append(assigned) }
        }
        return parts
    }

    /// Returns each line of at least ``shortest`` bytes; a literal `\n` or `\r` in the value also ends a line.
    static func lines(_ value: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var rest = value[...]
        func end() {
            let bare = trimmed(line[...])
            if bare.count >= shortest { lines.append(bare) }
            line = []
        }
        while let byte = rest.popFirst() {
            switch byte {
            case 0x0A, 0x0D: end()
            case UInt8(ascii: "\\") where rest.first == UInt8(ascii: "n") || rest.first == UInt8(ascii: "r"):
                end()
                rest = rest.dropFirst()
            default: line.append(byte)
            }
        }
        end()
        return lines
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
        return Array(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
