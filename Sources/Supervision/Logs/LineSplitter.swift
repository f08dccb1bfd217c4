/// Cuts a stream of bytes into lines, at newlines and at the carriage returns of progress bars.
struct LineSplitter {
    /// Longer lines are cut, so that a program that prints no newline cannot fill the memory.
    static let longest = 16 << 10

    private var partial: [UInt8] = []

    /// The lines that these bytes complete; empty ones between carriage returns are dropped.
    mutating func add(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n"): lines.append(take())
            case UInt8(ascii: "\r"): if !partial.isEmpty { lines.append(take()) }
            default:
                partial.append(byte)
                if partial.count >= Self.longest { lines.append(take()) }
            }
        }
        return lines
    }

    /// What is left at the end of the stream.
    mutating func finish() -> String? { partial.isEmpty ? nil : take() }

    private mutating func take() -> String {
        defer { partial.removeAll(keepingCapacity: true) }
        return String(decoding: partial, as: UTF8.self)
    }
}
