/// Where a request ends, so that what a client sends behind it goes nowhere.
struct RequestFraming: Sendable {
    private enum State: Sendable {
        case rest(Int64)
        case unlimited
        case chunkSize([UInt8])
        case chunk(Int64)
        case trailer([UInt8])
    }

    private var state: State

    init(_ head: RequestHead) {
        if head.wantsUpgrade {
            state = .unlimited
        } else if let length = head.values("Content-Length").first.flatMap({ Int64($0) }) {
            state = .rest(length)
        } else {
            state = head.values("Transfer-Encoding").isEmpty ? .rest(0) : .chunkSize([])
        }
    }

    /// How many of these bytes belong to the request; nil for chunks that are none.
    mutating func take(_ bytes: some Collection<UInt8>) -> Int? {
        var taken = 0
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .unlimited: return bytes.count
            case .rest(let left):
                let count = Int(min(left, Int64(rest.count)))
                state = .rest(left - Int64(count))
                return taken + count
            case .chunk(let left):
                let count = Int(min(left, Int64(rest.count)))
                rest = rest.dropFirst(count)
                taken += count
                state = left == Int64(count) ? .chunkSize([]) : .chunk(left - Int64(count))
            case .chunkSize(let line), .trailer(let line):
                let line = line + [rest.removeFirst()]
                taken += 1
                guard line.count <= 4096, advance(line) else { return nil }
            }
        }
        return taken
    }

    /// Looks at a line of the chunked coding once it is whole. <https://www.rfc-editor.org/rfc/rfc9112#section-7.1>
    private mutating func advance(_ line: [UInt8]) -> Bool {
        if case .trailer = state {
            guard line.last == 0x0A else {
                state = .trailer(line)
                return true
            }
            state = line == [0x0D, 0x0A] ? .rest(0) : .trailer([])
            return true
        }
        guard line.last == 0x0A else {
            state = .chunkSize(line)
            return true
        }
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x0D && $0 != 0x0A }
        guard line.suffix(2) == [0x0D, 0x0A], !digits.isEmpty, digits.count <= 15,
            let size = Int64(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
        else { return false }
        // The CRLF behind a chunk counts as its last two bytes.
        state = size == 0 ? .trailer([]) : .chunk(size + 2)
        return true
    }
}
