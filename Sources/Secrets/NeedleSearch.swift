/// Looks for needles in a stream, of which it keeps only where the symbols began that may be the beginning of one.
struct NeedleSearch: Sendable {
    /// More than this much that is skipped ends a match, so that what is held back is bounded.
    private static let mostSkipped = 64
    /// A line's end is not held back for less than so many symbols: the line may be the last for a long time.
    private static let leastHeld: Int32 = 4

    private let needles: Needles
    private(set) var node: Int32 = 0
    /// Where the newest symbols began, by their number.
    private var starts: [Int]
    private var count = 0
    private var skipped = 0
    /// What lies before it was shown already.
    private var floor = 0
    /// Where the newest match ended.
    private var matchEnd = -1

    init(_ needles: Needles) {
        self.needles = needles
        var size = 1
        while size < needles.longest { size *= 2 }
        starts = [Int](repeating: 0, count: size)
    }

    /// The first byte that may yet belong to a match.
    var held: Int {
        if node == 0 { return .max }
        return max(floor, starts[(count - Int(needles.nodes[Int(node)].depth)) & (starts.count - 1)])
    }

    /// Takes a byte that stands for some of the stream, and gives the range of a match that it completes.
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
        // The rest of a character that a match ended with.
        guard byte & 0xC0 == 0x80, matchEnd == start, start > floor else { return nil }
        matchEnd = end
        return (start - 1)..<end
    }

    /// A line ended before `position`; what is too short to be a good guess is shown up to there.
    mutating func endLine(at position: Int) {
        if node != 0, needles.nodes[Int(node)].depth < Self.leastHeld { floor = position }
    }
}
