/// The encoded forms to search for, and the pairs of bytes with which one of them may begin.
final class SecretForms: Sendable {
    /// Minimum length in bytes; shorter values, and shorter lines of values, would hit ordinary words.
    static let shortest = 8

    /// Searched in the raw bytes: the value itself, its base64 digits, and its JSON and URL forms.
    ///
    /// This finds a value beside bytes that look like an escape but are not one.
    let literal: Needles
    /// Searched in the decoded bytes; tolerates every way to write quotes, spaces and line breaks.
    let loose: Needles
    /// Searched in the decoded bytes, for values that are mostly quotes or non-ASCII characters.
    let exact: Needles
    /// Searched in the decoded bytes: base64 digits, which may be wrapped into lines.
    let base64: Needles
    /// Searched in the decoded bytes: hexadecimal digits, with or without separators between the bytes.
    let hexadecimal: Needles
    /// True if there is nothing to search for.
    let isEmpty: Bool
    /// One bit for each pair of bytes with which a form may begin.
    private let pairs: [UInt64]
    /// True for each byte with which a form may begin.
    private let firsts: [Bool]

    init(_ values: some Sequence<[UInt8]>) {
        var (literal, loose, exact) = (Set<[UInt8]>(), Set<[UInt8]>(), Set<[UInt8]>())
        var (base64, hexadecimal) = (Set<[UInt8]>(), Set<[UInt8]>())
        func addText(_ text: [UInt8]) {
            literal.insert(text)
            let bare = text.filter { $0 != UInt8(ascii: "\\") }
            // If a program escapes every character, an escape inside the value is not decoded; only its backslash is
            // dropped.
            for decoded in Set([EscapeDecoder.decode(text), bare]) {
                let symbols = decoded.compactMap { Self.looseKind($0).symbol }
                if symbols.filter({ $0 < 0x80 }).count >= Self.shortest {
                    loose.insert(symbols)
                } else if decoded.count >= Self.shortest {
                    exact.insert(decoded)
                    for quote in Self.quotedQuotes {
                        exact.insert(decoded.flatMap { quote.key == $0 ? quote.value : [$0] })
                    }
                }
            }
        }
        for value in Set(values.flatMap(Self.parts)) {
            addText(value)
            for line in Self.lines(value) { addText(line) }
            let json = Self.jsonEscaped(value)
            literal.formUnion([json, Self.urlEncoded(value, upper: true), Self.urlEncoded(value, upper: false)])
            for offset in 0..<3 {
                let digits = Self.base64Core(value, offset: offset)
                literal.formUnion([digits, digits.map(Self.urlSafe)])
                base64.formUnion([digits, Self.base64Core(json, offset: offset)])
            }
            hexadecimal.insert(value.flatMap(Self.hexDigits))
            hexadecimal.insert(value.flatMap { [UInt8(ascii: "0"), UInt8(ascii: "x")] + Self.hexDigits($0) })
        }
        self.literal = Needles(literal) { .symbol($0) }
        self.loose = Needles(loose, kind: Self.looseKind)
        self.exact = Needles(exact) { .symbol($0) }
        self.base64 = Needles(base64, kind: Self.base64Kind)
        self.hexadecimal = Needles(hexadecimal, leastBeforeSkip: 2, kind: Self.hexKind)
        isEmpty = literal.isEmpty
        (pairs, firsts) = Self.filter(self.literal, [self.loose, self.exact, self.base64, self.hexadecimal])
    }

    private static func filter(_ literal: Needles, _ decoded: [Needles]) -> (pairs: [UInt64], firsts: [Bool]) {
        var pairs = [UInt64](repeating: 0, count: 1024)
        var firsts = [Bool](repeating: false, count: 256)
        for first in UInt8.min...UInt8.max {
            // Most bytes begin no form.
            guard
                EscapeDecoder.beginsEscape(first)
                    || ([literal] + decoded).contains(where: { $0.first[Int(first)] != 0 })
            else { continue }
            for second in UInt8.min...UInt8.max {
                guard
                    EscapeDecoder.mayBegin(first, second) || literal.mayBegin(first, second, isDecoded: false)
                        || decoded.contains(where: { $0.mayBegin(first, second, isDecoded: true) })
                else { continue }
                let index = Int(first) << 8 | Int(second)
                pairs[index >> 6] |= 1 << UInt64(index & 63)
                firsts[Int(first)] = true
            }
        }
        return (pairs, firsts)
    }

    /// Returns the first index from `start` on at which a form may begin, the number of bytes if there is none.
    func firstBeginning(in bytes: [UInt8], from start: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            pairs.withUnsafeBufferPointer { pairs in
                var position = start
                let last = bytes.count - 1
                while position < last {
                    let index = Int(bytes[position]) << 8 | Int(bytes[position + 1])
                    if pairs[index >> 6] >> UInt64(index & 63) & 1 != 0 { return position }
                    position += 1
                }
                return position == last && !firsts[Int(bytes[last])] ? bytes.count : position
            }
        }
    }
}
