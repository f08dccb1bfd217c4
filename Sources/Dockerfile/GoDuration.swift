/// A duration in the syntax of Go: `1h30m`, `2.5s`, `300ms`.
///
/// Source: <https://pkg.go.dev/time#ParseDuration>.
enum GoDuration {
    private static let units: [(name: String, nanoseconds: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("h", 3_600e9), ("m", 60e9), ("s", 1e9),
    ]

    /// Returns the duration in nanoseconds, or nil if the text is not a duration of zero or more.
    static func nanoseconds(_ text: String) -> Int? {
        if text == "0" { return 0 }
        var rest = text[...]
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            guard let number = Double(digits.hasPrefix(".") ? "0\(digits)" : "\(digits)") else { return nil }
            rest = rest.dropFirst(digits.count)
            guard let unit = units.first(where: { rest.hasPrefix($0.name) }) else { return nil }
            rest = rest.dropFirst(unit.name.count)
            total += number * unit.nanoseconds
        }
        return text.isEmpty || total > 9e18 ? nil : Int(total.rounded())
    }
}
