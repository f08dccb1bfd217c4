/// Cuts a stream of bytes into lines, wherever the borders of its buffers are.
struct LineSplitter {
    /// A line that never ends is handed out in pieces of this length.
    private static let longest = 1 << 20

    private var held: [UInt8] = []

    /// The lines that end in these bytes, without their ends.
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

    /// What came after the last end of a line.
    mutating func finish() -> String? { held.isEmpty ? nil : take() }

    private mutating func take() -> String {
        if held.last == 0x0D { held.removeLast() }
        defer { held.removeAll(keepingCapacity: true) }
        return String(decoding: held, as: UTF8.self)
    }
}
