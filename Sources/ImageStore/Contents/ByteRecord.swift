import Wording

/// Writes numbers with variable length: seven bits a byte, the lowest first.
///
/// Source: <https://en.wikipedia.org/wiki/LEB128>.
struct RecordWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Appends a signed number in zigzag form, so that small negative numbers are as short as small positive ones.
    mutating func append(_ value: Int64) { append(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    mutating func append(_ text: some Collection<UInt8>) {
        append(UInt64(text.count))
        bytes.append(contentsOf: text)
    }

    mutating func append(raw text: some Collection<UInt8>) { bytes.append(contentsOf: text) }
}

/// Reads what a ``RecordWriter`` wrote, and checks every length.
struct RecordReader {
    static let damage = Failure("read a listing", "it is damaged")

    let bytes: [UInt8]
    private(set) var position: Int
    private let end: Int

    init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil) {
        self.bytes = bytes
        position = start
        self.end = min(end ?? bytes.count, bytes.count)
    }

    var isAtEnd: Bool { position >= end }

    mutating func number() throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.damage
    }

    mutating func signed() throws -> Int64 {
        let value = try number()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func range() throws -> Range<Int> {
        guard let count = Int(exactly: try number()), count <= end - position else { throw Self.damage }
        defer { position += count }
        return position..<position + count
    }

    mutating func text() throws -> [UInt8] { Array(bytes[try range()]) }
}
