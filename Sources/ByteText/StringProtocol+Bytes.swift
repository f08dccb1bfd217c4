/// Looking into text byte for byte.
///
/// What Swift calls a character is what people see as one: a slash with an accent above it is none that `split` or
/// `hasPrefix` would find, and two spellings of one letter are equal (<https://www.unicode.org/reports/tr29/>,
/// <https://www.unicode.org/reports/tr15/>). Servers, kernels and archives know bytes alone. So keys, paths, URLs,
/// references, variables and names in archives are cut and compared as bytes; the separators are ASCII, whose bytes are
/// part of no other character in UTF-8.
extension StringProtocol where SubSequence == Substring {
    /// The pieces between the bytes of an ASCII character.
    package func split(
        byte separator: Unicode.Scalar, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [Substring] {
        var pieces: [Substring] = []
        var start = startIndex
        var rest = maxSplits
        let byte = UInt8(ascii: separator)
        while rest > 0, let end = utf8[start...].firstIndex(of: byte) {
            if start != end || !omittingEmptySubsequences {
                pieces.append(self[start..<end])
                rest -= 1
            }
            start = utf8.index(after: end)
        }
        if start != endIndex || !omittingEmptySubsequences { pieces.append(self[start...]) }
        return pieces
    }
}

extension StringProtocol {
    /// True where the text begins with exactly these bytes.
    package func hasPrefix(bytes prefix: some StringProtocol) -> Bool { utf8.starts(with: prefix.utf8) }

    /// True where the text ends with exactly these bytes.
    package func hasSuffix(bytes suffix: some StringProtocol) -> Bool {
        let (bytes, end) = (utf8, suffix.utf8)
        return bytes.count >= end.count && bytes.dropFirst(bytes.count - end.count).elementsEqual(end)
    }

    /// True where the text holds the byte of an ASCII character.
    package func contains(byte: Unicode.Scalar) -> Bool { utf8.contains(UInt8(ascii: byte)) }

    /// Where the byte of an ASCII character is first.
    package func firstIndex(byte: Unicode.Scalar) -> Index? { utf8.firstIndex(of: UInt8(ascii: byte)) }

    /// Where the byte of an ASCII character is last.
    package func lastIndex(byte: Unicode.Scalar) -> Index? {
        let wanted = UInt8(ascii: byte)
        return utf8.indices.reduce(nil) { utf8[$1] == wanted ? $1 : $0 }
    }

    /// True where both are the same bytes.
    package func isSame(bytes other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension StringProtocol where SubSequence == Substring {
    /// What follows these bytes at the beginning; nil where the text begins otherwise.
    package func dropping(bytes prefix: some StringProtocol) -> Substring? {
        guard hasPrefix(bytes: prefix) else { return nil }
        return self[utf8.index(startIndex, offsetBy: prefix.utf8.count)...]
    }

    /// Where these bytes are first.
    package func firstRange(bytes other: some StringProtocol) -> Range<Index>? { utf8.firstRange(of: other.utf8) }

    /// The text with other bytes in place of these.
    package func replacing(bytes old: some StringProtocol, with new: some StringProtocol) -> String {
        var text = ""
        var rest = self[...]
        while let range = rest.firstRange(bytes: old), !range.isEmpty {
            text += rest[..<range.lowerBound]
            text += new
            rest = rest[range.upperBound...]
        }
        return text + rest
    }
}
