/// Splits a stream of bytes into lines, independently of its buffers' boundaries.
struct LineSplitter {
    /// The length in bytes at which an endless line is returned in pieces.
    private static let longest = 1 << 20

    private var held: [UInt8] = []

    /// Returns the lines that these bytes complete, without their line ends.
    mutating func split(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            held.append(contentsOf: rest[..<end])
            lines.append(take())
            rest = rest[(end + 1)...]
        }
        held.append(contentsOf: rest)
        if held.count >= Self.longest { lines.append(take()) }
        return lines
    }

    /// Returns the unfinished last line, nil where there is none.
    mutating func finish() -> String? { held.isEmpty ? nil : take() }

    private mutating func take() -> String {
        if held.last == 0x0D { held.removeLast() }
        defer { held.removeAll(keepingCapacity: true) }
        return String(decoding: held, as: UTF8.self)
    }
}
