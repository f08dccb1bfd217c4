extension ByteCount {
    /// Parses a size such as `512MiB` or `4096B`, of at most six digits; nil for anything else.
    package init?(parsing text: String) {
        let units: [String: Int64] = ["B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40]
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...6).contains(digits.count), let number = Int64(String(decoding: digits, as: UTF8.self)),
            let unit = units[String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self)]
        else { return nil }
        self.init(number * unit)
    }
}
