/// Splits a stream of bytes into lines, at newlines and at the carriage returns of progress bars.
struct OutputLineSplitter {
    /// Maximum length in bytes; longer lines are split, so that output without newlines cannot fill the memory.
    static let longest = 16 << 10

    private var partial: [UInt8] = []

    /// Returns the lines that these bytes complete, without empty lines between carriage returns.
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

    /// Returns the incomplete line at the end of the stream, nil if there is none.
    mutating func finish() -> String? { partial.isEmpty ? nil : take() }

    private mutating func take() -> String {
        defer { partial.removeAll(keepingCapacity: true) }
        return String(decoding: partial, as: UTF8.self)
    }
}
