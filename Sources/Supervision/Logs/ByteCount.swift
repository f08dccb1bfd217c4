/// A number of bytes, formatted with a binary unit for messages.
struct ByteCount: CustomStringConvertible {
    private let bytes: Int64

    init(_ bytes: Int64) { self.bytes = bytes }

    var description: String {
        var value = Double(bytes)
        for unit in ["bytes", "KiB", "MiB"] {
            if value < 1024 { return unit == "bytes" ? "\(bytes) bytes" : "\(value.rounded(1)) \(unit)" }
            value /= 1024
        }
        return "\(value.rounded(1)) GiB"
    }
}

extension Double {
    /// Returns the number rounded to `digits` decimal places.
    func rounded(_ digits: Int) -> Double {
        let factor = (0..<digits).reduce(1.0) { value, _ in value * 10 }
        return (self * factor).rounded() / factor
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
