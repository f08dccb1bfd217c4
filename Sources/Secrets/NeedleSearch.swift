/// Searches a stream for needles; keeps only the start positions of the symbols of a possible match.
struct NeedleSearch: Sendable {
    /// A partial match ends after more than this many skipped bytes, which bounds the bytes held back.
    private static let mostSkipped = 64
    /// A partial match of fewer symbols is not held back at a line's end: the next line may take long to come.
    private static let leastHeld: Int32 = 4

    private let needles: Needles
    private(set) var node: Int32 = 0
    /// Ring buffer of the stream positions at which the newest symbols began, indexed by symbol number.
    private var starts: [Int]
    private var count = 0
    private var skipped = 0
    /// Stream position before which all bytes have been shown.
    private var floor = 0
    /// Stream position at which the newest match ended.
    private var matchEnd = -1

    init(_ needles: Needles) {
        self.needles = needles
        var size = 1
        while size < needles.longest { size *= 2 }
        starts = [Int](repeating: 0, count: size)
    }

    /// Stream position of the first byte that may still belong to a match, `.max` if there is no partial match.
    var held: Int {
        if node == 0 { return .max }
        return max(floor, starts[(count - Int(needles.nodes[Int(node)].depth)) & (starts.count - 1)])
    }

    /// Adds a byte that stands for `start..<end` of the stream; returns the range of a match that ends there.
    @inline(__always) mutating func add(_ byte: UInt8, _ start: Int, _ end: Int) -> Range<Int>? {
        if node == 0 {
            node = needles.first[Int(byte)]
            if node == 0 { return nil }
            return note(start, end)
        }
        return go(on: byte, start, end)
    }

    private mutating func go(on byte: UInt8, _ start: Int, _ end: Int) -> Range<Int>? {
        let kind = needles.kinds[Int(byte)]
        guard let symbol = kind.symbol else {
            if kind == .skipped || kind == .skippedAfterSkipped && skipped > 0 { return skip(byte, start, end) }
            node = 0
            return nil
        }
        node = needles.step(node, symbol)
        return node == 0 ? nil : note(start, end)
    }

    private mutating func note(_ start: Int, _ end: Int) -> Range<Int>? {
        skipped = 0
        starts[count & (starts.count - 1)] = start
        count += 1
        let length = Int(needles.nodes[Int(node)].match)
        if length == 0 { return nil }
        matchEnd = end
        return max(floor, starts[(count - length) & (starts.count - 1)])..<end
    }

    private mutating func skip(_ byte: UInt8, _ start: Int, _ end: Int) -> Range<Int>? {
        skipped += end - start
        if skipped > Self.mostSkipped || needles.nodes[Int(node)].depth < needles.leastBeforeSkip {
            node = 0
            skipped = 0
            return nil
        }
        // A UTF-8 continuation byte of the character that the match ended with.
        guard byte & 0xC0 == 0x80, matchEnd == start, start > floor else { return nil }
        matchEnd = end
        return (start - 1)..<end
    }

    /// Ends a line at `position`: a partial match shorter than ``leastHeld`` is too weak a guess to hold the line back.
    mutating func endLine(at position: Int) {
        if node != 0, needles.nodes[Int(node)].depth < Self.leastHeld { floor = position }
    }
}
