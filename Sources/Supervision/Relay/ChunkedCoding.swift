/// A strict parser that finds the end of a chunked body. <https://www.rfc-editor.org/rfc/rfc9112#section-7.1>
struct ChunkedCoding: Sendable {
    /// Maximum length in bytes of extensions and trailers together.
    ///
    /// Without a limit they could keep the model server busy endlessly.
    private static let mostOverhead = 16 << 10

    /// The element of the body that the next byte belongs to.
    private enum State: Sendable {
        case size(Int64, digits: Int)
        case sizeExtension(Int64)
        case sizeEnd(Int64)
        case data(Int64)
        case dataReturn
        case dataEnd
        case trailer
        case trailerName
        case trailerValue
        case trailerEnd
        case lastEnd
        case over
    }

    private var state = State.size(0, digits: 0)
    private var overhead = 0

    var isOver: Bool { if case .over = state { true } else { false } }

    /// Returns how many of these bytes belong to the body, nil for invalid chunks.
    mutating func take(_ bytes: some Collection<UInt8>) -> Int? {
        var taken = 0
        var index = bytes.startIndex
        while index != bytes.endIndex, !isOver {
            if case .data(let left) = state {
                let rest = bytes.distance(from: index, to: bytes.endIndex)
                let count = Int(min(left, Int64(rest)))
                state = left == Int64(count) ? .dataReturn : .data(left - Int64(count))
                index = bytes.index(index, offsetBy: count)
                taken += count
                continue
            }
            guard let next = advanced(by: bytes[index]) else { return nil }
            state = next
            index = bytes.index(after: index)
            taken += 1
        }
        return taken
    }

    private mutating func advanced(by byte: UInt8) -> State? {
        let isReturn = byte == FieldSyntax.carriageReturn
        let isEnd = byte == FieldSyntax.lineFeed
        switch state {
        case .size(let size, let digits):
            if let digit = Self.digit(byte) {
                return digits < 15 ? .size(size << 4 | digit, digits: digits + 1) : nil
            }
            if digits > 0, isReturn { return .sizeEnd(size) }
            return digits > 0 && byte == UInt8(ascii: ";") ? .sizeExtension(size) : nil
        case .sizeExtension(let size):
            return isReturn ? .sizeEnd(size) : mayHold(byte) ? state : nil
        case .sizeEnd(let size):
            return isEnd ? (size == 0 ? .trailer : .data(size)) : nil
        case .dataReturn: return isReturn ? .dataEnd : nil
        case .dataEnd: return isEnd ? .size(0, digits: 0) : nil
        case .trailer:
            if isReturn { return .lastEnd }
            return FieldSyntax.isTokenCharacter(byte) && mayHold(byte) ? .trailerName : nil
        case .trailerName:
            if byte == UInt8(ascii: ":") { return .trailerValue }
            return FieldSyntax.isTokenCharacter(byte) && mayHold(byte) ? state : nil
        case .trailerValue: return isReturn ? .trailerEnd : mayHold(byte) ? state : nil
        case .trailerEnd: return isEnd ? .trailer : nil
        case .lastEnd: return isEnd ? .over : nil
        case .data, .over: return nil
        }
    }

    private mutating func mayHold(_ byte: UInt8) -> Bool {
        overhead += 1
        return overhead <= Self.mostOverhead && FieldSyntax.isValueCharacter(byte)
    }

    /// Accepts hexadecimal digits only: a sign, which some libraries accept, means something else to the next server.
    private static func digit(_ byte: UInt8) -> Int64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int64(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int64(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
