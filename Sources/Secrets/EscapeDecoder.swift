/// Decodes the escapes of JSON, programming languages, shells, URLs and HTML, including nested ones.
///
/// `\u0041`, `\x41`, `\101`, `%41`, `%u0041`, `&#65;` and `&#x41;` all decode to A. A backslash before any other
/// character is dropped. The decoder cannot know whether an escape was meant as one, so both sides of a comparison are
/// decoded.
struct EscapeDecoder: Sendable {
    /// A decoded byte and the range of the stream that it stands for.
    struct Unit: Sendable {
        var byte: UInt8
        var start: Int
        var end: Int
    }

    /// The role of the first pending unit.
    private enum Reading {
        /// The following bytes decide.
        case incomplete
        /// The first unit is not part of an escape.
        case plain
        /// The first unit is a backslash that only escapes the following unit.
        case dropped
        case byte(UInt8, units: Int)
        case scalar(UInt32, units: Int)
    }

    // Maximum length in stream bytes of nested escapes; longer ones are not decoded any further.
    private static let longest = 64

    private var pending: [Unit] = []
    /// The high surrogate of a UTF-16 pair whose low surrogate has not arrived yet.
    private var half: (value: UInt32, start: Int, end: Int)?
    /// Decoded units that the caller has not taken yet.
    var decoded: [Unit] = []

    static func beginsEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "&")
    }

    /// Returns true if an escape may begin with these two bytes.
    static func mayBegin(_ first: UInt8, _ second: UInt8) -> Bool {
        switch first {
        case UInt8(ascii: "\\"): true
        case UInt8(ascii: "%"): hex(second) != nil || second == UInt8(ascii: "u")
        case UInt8(ascii: "&"): second == UInt8(ascii: "#") || isLetter(second)
        default: false
        }
    }

    /// Returns the byte that a complete two-byte escape stands for, nil if these two bytes are not one.
    static func short(_ first: UInt8, _ second: UInt8) -> UInt8? {
        guard first == UInt8(ascii: "\\") else { return nil }
        switch second {
        case UInt8(ascii: "x"), UInt8(ascii: "u"), UInt8(ascii: "U"), UInt8(ascii: "0")...UInt8(ascii: "7"): return nil
        case 0x0A, 0x0D: return nil
        default: return beginsEscape(second) ? nil : control(second) ?? second
        }
    }

    /// Decodes a whole sequence of bytes.
    static func decode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var decoder = EscapeDecoder()
        for byte in bytes { decoder.add(byte, at: 0) }
        decoder.finish()
        return decoder.decoded.map(\.byte)
    }

    var isIdle: Bool { pending.isEmpty && half == nil }
    /// Stream position of the first byte that is not decoded yet, `.max` if there is none.
    var held: Int { half?.start ?? (pending.isEmpty ? .max : pending[0].start) }

    mutating func add(_ byte: UInt8, at position: Int) {
        pending.append(Unit(byte: byte, start: position, end: position + 1))
        resolve(isEnd: false)
    }

    mutating func finish() {
        resolve(isEnd: true)
        flushHalf()
    }

    private mutating func resolve(isEnd: Bool) {
        while !pending.isEmpty {
            let first = pending[0]
            switch read(first, isEnd) {
            case .incomplete: return
            case .plain:
                pending.removeFirst(1)
                flushHalf()
                decoded.append(first)
            case .dropped:
                pending.removeFirst(1)
                if !pending.isEmpty { pending[0].start = first.start }
            case .byte(let byte, let count):
                replace(byte, count)
            case .scalar(let value, let count):
                value < 0x80 ? replace(UInt8(value), count) : take(value, count)
            }
        }
    }

    /// Replaces an escape with its byte, which may itself be part of another escape.
    private mutating func replace(_ byte: UInt8, _ count: Int) {
        pending[count - 1] = Unit(byte: byte, start: pending[0].start, end: pending[count - 1].end)
        pending.removeFirst(count - 1)
    }

    private mutating func take(_ value: UInt32, _ count: Int) {
        let (start, end) = (pending[0].start, pending[count - 1].end)
        pending.removeFirst(count)
        if let high = half, high.end == start, 0xDC00..<0xE000 ~= value {
            half = nil
            return append(0x10000 + (high.value - 0xD800) << 10 + (value - 0xDC00), high.start, end)
        }
        flushHalf()
        if 0xD800..<0xDC00 ~= value {
            half = (value, start, end)
        } else {
            append(value, start, end)
        }
    }

    private mutating func append(_ value: UInt32, _ start: Int, _ end: Int) {
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            decoded.append(Unit(byte: byte, start: start, end: end))
        }
    }

    private mutating func flushHalf() {
        guard let high = half.take() else { return }
        append(high.value, high.start, high.end)
    }

    private func read(_ first: Unit, _ isEnd: Bool) -> Reading {
        guard Self.beginsEscape(first.byte), first.end - first.start <= Self.longest else { return .plain }
        let reading =
            switch first.byte {
            case UInt8(ascii: "\\"): readBackslash()
            case UInt8(ascii: "%"): readPercent()
            default: readEntity()
            }
        guard isEnd, case .incomplete = reading else { return reading }
        return first.byte == UInt8(ascii: "\\") ? .dropped : .plain
    }

    private func readBackslash() -> Reading {
        guard pending.count > 1 else { return .incomplete }
        switch pending[1].byte {
        case UInt8(ascii: "x"): return readHex(from: 2, least: 1, most: 2, isByte: true)
        case UInt8(ascii: "u"): return readHex(from: 2, least: 4, most: 4, isByte: false)
        case UInt8(ascii: "U"): return readHex(from: 2, least: 8, most: 8, isByte: false)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            let (value, end) = number(from: 1, most: 3, base: 8)
            return end < 4 && end == pending.count
                ? .incomplete : .byte(UInt8(truncatingIfNeeded: value), units: end)
        case let letter: return Self.control(letter).map { .byte($0, units: 2) } ?? .dropped
        }
    }

    /// Returns the number that the digits from `start` on form, and the index after the last digit.
    private func number(from start: Int, most: Int, base: UInt32) -> (value: UInt32, end: Int) {
        var (value, end) = (UInt32(0), start)
        while end < min(pending.count, start + most), let digit = Self.hex(pending[end].byte), digit < base {
            value = value &* base &+ UInt32(digit)
            end += 1
        }
        return (value, end)
    }

    private static func control(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "v"): 0x0B
        case UInt8(ascii: "a"): 0x07
        case UInt8(ascii: "e"), UInt8(ascii: "E"): 0x1B
        default: nil
        }
    }

    /// Reads the hexadecimal digits after `\x`, `\u` and `\U`, plain or in braces.
    private func readHex(from start: Int, least: Int, most: Int, isByte: Bool) -> Reading {
        guard pending.count > start else { return .incomplete }
        if pending[start].byte == UInt8(ascii: "{") {
            let (value, end) = number(from: start + 1, most: 6, base: 16)
            guard end < pending.count else { return .incomplete }
            return pending[end].byte == UInt8(ascii: "}") && end > start + 1
                ? .scalar(value, units: end + 1) : .dropped
        }
        let (value, end) = number(from: start, most: most, base: 16)
        if end < start + most, end == pending.count { return .incomplete }
        guard end >= start + least else { return .dropped }
        return isByte ? .byte(UInt8(value), units: end) : .scalar(value, units: end)
    }

    private func readPercent() -> Reading {
        guard pending.count > 1 else { return .incomplete }
        let isWide = pending[1].byte == UInt8(ascii: "u")
        let (start, length) = isWide ? (2, 4) : (1, 2)
        let (value, end) = number(from: start, most: length, base: 16)
        if end < start + length { return end == pending.count ? .incomplete : .plain }
        return isWide ? .scalar(value, units: end) : .byte(UInt8(value), units: end)
    }

    private func readEntity() -> Reading {
        guard pending.count > 1 else { return .incomplete }
        guard pending[1].byte == UInt8(ascii: "#") else {
            var end = 1
            while end < min(pending.count, 1 + HTMLEntity.longest), Self.isLetter(pending[end].byte) { end += 1 }
            if end == pending.count, end <= HTMLEntity.longest { return .incomplete }
            guard end < pending.count, end > 1, pending[end].byte == UInt8(ascii: ";") else { return .plain }
            let name = (1..<end).reduce(UInt64(0)) { $0 << 8 | UInt64(pending[$1].byte) }
            return HTMLEntity.bytes[name].map { .byte($0, units: end + 1) } ?? .plain
        }
        guard pending.count > 2 else { return .incomplete }
        let isHex = pending[2].byte | 0x20 == UInt8(ascii: "x")
        let start = isHex ? 3 : 2
        let (value, end) = number(from: start, most: 8, base: isHex ? 16 : 10)
        // Browsers accept a reference without the semicolon, so the next byte decides.
        if end == pending.count { return .incomplete }
        if end == start { return .plain }
        return .scalar(value, units: pending[end].byte == UInt8(ascii: ";") ? end + 1 : end)
    }

    static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 }
}
