/// The forms in which secrets are looked for, and with which pairs of bytes one of them may begin.
final class SecretForms: Sendable {
    /// Shorter values, and shorter lines of values, would hit ordinary words.
    static let shortest = 8

    /// As it is, in base64, and as JSON and URLs have it where what stands beside it is no escape.
    let literal: Needles
    /// Behind escapes, whatever is done to quotes, to spaces and to line breaks.
    let loose: Needles
    /// Behind escapes, for what has not much else than such characters.
    let exact: Needles
    /// In base64, behind escapes, in lines.
    let base64: Needles
    /// In hexadecimal digits, behind escapes, with or without something between the bytes.
    let hexadecimal: Needles
    /// True where there is nothing to look for.
    let isEmpty: Bool
    /// A bit for each two bytes with which something may begin.
    private let pairs: [UInt64]
    /// The bytes with which something may begin.
    private let firsts: [Bool]

    init(_ values: some Sequence<[UInt8]>) {
        var (literal, loose, exact) = (Set<[UInt8]>(), Set<[UInt8]>(), Set<[UInt8]>())
        var (base64, hexadecimal) = (Set<[UInt8]>(), Set<[UInt8]>())
        func addText(_ text: [UInt8]) {
            literal.insert(text)
            let bare = text.filter { $0 != UInt8(ascii: "\\") }
            // Where every character is an escape, those that look like one inside the value are none.
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
            // Most bytes begin nothing.
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

    /// The first place from `start` on where something may begin.
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
