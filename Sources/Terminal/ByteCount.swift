/// A number of bytes as people read it: `512 bytes`, `38.9 MiB`.
package struct ByteCount: Sendable, Hashable, CustomStringConvertible {
    /// How many.
    package let bytes: Int64

    /// So many bytes.
    package init(_ bytes: Int64) { self.bytes = bytes }

    /// One decimal from KiB up.
    package var description: String {
        if bytes < 1024 { return "\(bytes) bytes" }
        var value = Double(bytes) / 1024
        var unit = "KiB"
        for next in ["MiB", "GiB", "TiB"] where value >= 1024 {
            value /= 1024
            unit = next
        }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(unit)"
    }
}
