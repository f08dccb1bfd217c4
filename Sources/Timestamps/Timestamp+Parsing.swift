// Byte by byte rather than with regular expressions, which are compiled anew for every text: every answer of a server
// has a date, and so has every entry of a listing.
extension Timestamp {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Parses RFC 3339 with any offset; a text without a zone is UTC, and fractions are dropped.
    package init?(rfc3339 text: some StringProtocol) {
        var rest = DateText(text)
        guard let year = rest.number(4), rest.take("-"), let month = rest.number(2), rest.take("-"),
            let day = rest.number(2), rest.take("T", "t", " "), let time = rest.timeOfDay(), rest.skipFraction(),
            let offset = rest.offset(), rest.isEmpty, (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        self.init(seconds: Self.days(year: year, month: month, day: day) * 86_400 + time - offset)
    }

    /// Parses the preferred form of an HTTP date; nil for the obsolete forms.
    package init?(http text: some StringProtocol) {
        var rest = DateText(text)
        guard rest.word(3) != nil, rest.take(","), rest.take(" "), let day = rest.number(2), rest.take(" "),
            let month = rest.word(3).flatMap(Self.months.firstIndex), rest.take(" "), let year = rest.number(4),
            rest.take(" "), let time = rest.timeOfDay(), rest.take(" "), rest.word(3) == "GMT", rest.isEmpty,
            (1...31).contains(day)
        else { return nil }
        self.init(seconds: Self.days(year: year, month: month + 1, day: day) * 86_400 + time)
    }
}

/// The unread rest of a date.
private struct DateText {
    private var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = Array(text.utf8)[...] }

    var isEmpty: Bool { rest.isEmpty }

    /// Reads exactly `length` digits.
    mutating func number(_ length: Int) -> Int? {
        guard rest.count >= length else { return nil }
        var number = 0
        for byte in rest.prefix(length) {
            guard Self.isDigit(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        rest.removeFirst(length)
        return number
    }

    /// Reads exactly `length` letters.
    mutating func word(_ length: Int) -> String? {
        let word = rest.prefix(length)
        guard word.count == length, word.allSatisfy(Self.isLetter) else { return nil }
        rest.removeFirst(length)
        return String(decoding: word, as: UTF8.self)
    }

    /// Reads one of the given characters.
    mutating func take(_ characters: Unicode.Scalar...) -> Bool {
        guard let first = rest.first, characters.contains(Unicode.Scalar(first)) else { return false }
        rest.removeFirst()
        return true
    }

    /// Reads a time such as `03:04:05` as seconds since midnight; a leap second is the next day's first second.
    mutating func timeOfDay() -> Int? {
        guard let hours = number(2), take(":"), let minutes = number(2), take(":"), let seconds = number(2),
            hours < 24, minutes < 60, seconds <= 60
        else { return nil }
        return hours * 3600 + minutes * 60 + seconds
    }

    /// Skips an optional fraction; returns false for a point without digits.
    mutating func skipFraction() -> Bool {
        guard take(".") else { return true }
        let digits = rest.prefix(while: Self.isDigit)
        rest.removeFirst(digits.count)
        return !digits.isEmpty
    }

    /// Reads the offset in seconds ahead of UTC; an empty rest is UTC.
    mutating func offset() -> Int? {
        if isEmpty || take("Z", "z") { return 0 }
        let sign = take("-") ? -1 : take("+") ? 1 : 0
        guard sign != 0, let hours = number(2) else { return nil }
        _ = take(":")
        return number(2).map { sign * (hours * 3600 + $0 * 60) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
