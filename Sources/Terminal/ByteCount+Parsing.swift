extension ByteCount {
    /// Parses a size such as `512MiB` or `4096B`; nil for anything else.
    package init?(parsing text: String) {
        let units: [Substring: Int64] = ["B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40]
        guard let match = text.wholeMatch(of: #/(\d{1,6})([A-Za-z]+)/#), let number = Int64(match.1),
            let unit = units[match.2]
        else { return nil }
        self.init(number * unit)
    }
}
