/// Parses numbers as programs print them for human readers.
enum MetricNumber {
    /// Characters that may separate groups of three digits.
    private static let separators: Set<Character> = [",", "_", "'", "’", " ", "\u{A0}", "\u{202F}", "\u{2009}"]

    /// Returns the value of a text such as `7233`, `7,233`, `1_000_000.5` or `1.5e-3`, nil if it is not a number.
    ///
    /// A number may contain one kind of separator, always before three digits: `1,5` and `1,23,456` are not numbers.
    static func value(_ text: String) -> Double? {
        if let value = Double(text) { return value.isFinite ? value : nil }
        guard let separator = text.first(where: { separators.contains($0) }) else { return nil }
        let end = text.firstIndex { ".eE".contains($0) } ?? text.endIndex
        var groups = text[..<end].split(separator: separator, omittingEmptySubsequences: false)
        if let first = groups.first, let sign = first.first, "+-".contains(sign) { groups[0] = first.dropFirst() }
        guard let first = groups.first, (1...3).contains(first.count), groups.dropFirst().allSatisfy({ $0.count == 3 }),
            groups.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } })
        else { return nil }
        let sign = text.hasPrefix("-") ? "-" : ""
        return Double(sign + groups.joined() + text[end...]).flatMap { $0.isFinite ? $0 : nil }
    }

    /// Parses like ``value(_:)``, but returns nil for a number with a fraction.
    static func whole(_ text: String) -> Int? { Int(text) ?? value(text).flatMap { Int(exactly: $0) } }
}
