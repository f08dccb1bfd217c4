import Synchronization

/// In which order the parts of one file go: the lowest that is missing before all others, and those not far ahead of it.
///
/// Some servers write an object's parts in their order, keep what comes early in memory, and once that is full read no more
/// from anybody who is early: rclone 1.75 keeps 256 MiB. Were every slot with such a part, none would be left for the one
/// that all of them wait for.
final class PartOrder: Sendable {
    /// How far ahead of the lowest part that is missing others may be under way, in parts and in bytes.
    private static let mostAhead = 8
    private static let mostBytesAhead: Int64 = 128 << 20
    private static let count = Atomic(0)

    private struct State {
        var lowest = 0
        /// Those beyond the lowest that are through.
        var done: Set<Int> = []
        var ahead: Int
    }

    /// Grows with each file, so that older ones may go first.
    let number: Int
    private let mostAhead: Int
    private let state: Mutex<State>

    /// The order of parts of one length; a server that only gives them does not mind how far ahead others are.
    init(partSize: Int64, isBounded: Bool = true) {
        number = Self.count.add(1, ordering: .relaxed).newValue
        mostAhead =
            isBounded ? Int(max(1, min(Int64(Self.mostAhead), Self.mostBytesAhead / max(1, partSize)))) : .max
        state = Mutex(State(ahead: mostAhead))
    }

    /// Where a part stands at this moment.
    enum Standing: Sendable {
        /// Others wait for it.
        case lowest
        case ahead
        /// So far ahead that it waits.
        case tooFarAhead
    }

    /// False where it does not matter which part comes first.
    var isBounded: Bool { mostAhead != .max }

    /// The lowest part that is missing.
    var lowest: Int { state.withLock { $0.lowest } }

    func standing(of part: Int) -> Standing {
        state.withLock { state in
            if part <= state.lowest { return .lowest }
            return part - state.lowest <= state.ahead ? .ahead : .tooFarAhead
        }
    }

    /// A part is through.
    func finish(_ part: Int) {
        state.withLock { state in
            state.done.insert(part)
            while state.done.remove(state.lowest) != nil { state.lowest += 1 }
            if state.ahead < mostAhead { state.ahead += 1 }
        }
    }

    /// The server did not take a part.
    ///
    /// True where a lower one is missing, for which it may have waited: until that and others are through nothing goes ahead
    /// any more, or one more for each of them.
    func hold(_ part: Int) -> Bool {
        state.withLock { state in
            guard part > state.lowest else { return false }
            if isBounded { state.ahead = 0 }
            return isBounded
        }
    }
}

/// The place of one part of one file among all that wait.
struct PartTurn: Sendable {
    let order: PartOrder
    let part: Int

    var isLowest: Bool { if case .lowest = order.standing(of: part) { true } else { false } }
}
