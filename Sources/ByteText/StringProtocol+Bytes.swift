/// Bytewise operations on text.
///
/// A Swift Character is what a user sees as one character. `split` and `hasPrefix` do not find a slash that a combining
/// accent follows, and two spellings of one letter are equal (<https://www.unicode.org/reports/tr29/>,
/// <https://www.unicode.org/reports/tr15/>). Servers, kernels and archives compare bytes. Therefore keys, paths, URLs,
/// references, variables and names in archives are split and compared as bytes. The separators are ASCII, whose bytes
/// occur in no other character of UTF-8.
extension StringProtocol where SubSequence == Substring {
    /// Returns the pieces between the occurrences of an ASCII character.
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
    /// Returns true where the text starts with exactly these bytes.
    package func hasPrefix(bytes prefix: some StringProtocol) -> Bool { utf8.starts(with: prefix.utf8) }

    /// Returns true where the text ends with exactly these bytes.
    package func hasSuffix(bytes suffix: some StringProtocol) -> Bool {
        let (bytes, end) = (utf8, suffix.utf8)
        return bytes.count >= end.count && bytes.dropFirst(bytes.count - end.count).elementsEqual(end)
    }

    /// Returns true where the text contains an ASCII character.
    package func contains(byte: Unicode.Scalar) -> Bool { utf8.contains(UInt8(ascii: byte)) }

    /// Returns the index of the first occurrence of an ASCII character.
    package func firstIndex(byte: Unicode.Scalar) -> Index? { utf8.firstIndex(of: UInt8(ascii: byte)) }

    /// Returns the index of the last occurrence of an ASCII character.
    package func lastIndex(byte: Unicode.Scalar) -> Index? {
        let wanted = UInt8(ascii: byte)
        return utf8.indices.reduce(nil) { utf8[$1] == wanted ? $1 : $0 }
    }

    /// Returns true where both have the same bytes.
    package func isSame(bytes other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension StringProtocol where SubSequence == Substring {
    /// Returns the text after the prefix; nil where the text does not start with it.
    package func dropping(bytes prefix: some StringProtocol) -> Substring? {
        guard hasPrefix(bytes: prefix) else { return nil }
        return self[utf8.index(startIndex, offsetBy: prefix.utf8.count)...]
    }

    /// Returns the range of the first occurrence of these bytes.
    package func firstRange(bytes other: some StringProtocol) -> Range<Index>? { utf8.firstRange(of: other.utf8) }

    /// Returns the text with every occurrence of some bytes replaced.
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
