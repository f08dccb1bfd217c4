/// What of a value is a secret by itself.
extension SecretForms {
    /// The value without the space around it, and what a file of `name=value` lines holds.
    static func parts(_ value: [UInt8]) -> [[UInt8]] {
        guard value.count >= shortest else { return [] }
        let bare = trimmed(value[...])
        var parts = [bare.count >= shortest ? bare : value]
        // Files have ends of lines; variables with one line have none.
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

    /// Each line that is long enough, also of a value in which `\n` stands for the end of one.
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
