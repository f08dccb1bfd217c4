import Synchronization

/// The order of one file's parts: the lowest missing part first, and no part far ahead of it.
///
/// Some servers write an object's parts in order and keep early ones in memory. Once that memory is full, they stop
/// reading from the connections of early parts: rclone 1.75 keeps 256 MiB. If such parts filled every slot, none would
/// be left for the part that all of them wait for.
final class PartOrder: Sendable {
    /// How far ahead of the lowest missing part others may be in progress, in parts and in bytes.
    private static let mostAhead = 8
    private static let mostBytesAhead: Int64 = 128 << 20
    private static let count = Atomic(0)

    private struct State {
        var lowest = 0
        /// Finished parts above the lowest missing one.
        var done: Set<Int> = []
        var ahead: Int
    }

    /// A number that increases with each file, so that older files go first.
    let number: Int
    private let mostAhead: Int
    private let state: Mutex<State>

    /// Creates the order for parts of one size; unbounded for downloads, where a server does not mind early parts.
    init(partSize: Int64, isBounded: Bool = true) {
        number = Self.count.add(1, ordering: .relaxed).newValue
        mostAhead =
            isBounded ? Int(max(1, min(Int64(Self.mostAhead), Self.mostBytesAhead / max(1, partSize)))) : .max
        state = Mutex(State(ahead: mostAhead))
    }

    /// The position of a part relative to the lowest missing one.
    enum Standing: Sendable {
        /// Other parts wait for it.
        case lowest
        case ahead
        /// Too far ahead, so that it must wait.
        case tooFarAhead
    }

    /// False where any part may come first.
    var isBounded: Bool { mostAhead != .max }

    /// The lowest missing part.
    var lowest: Int { state.withLock { $0.lowest } }

    func standing(of part: Int) -> Standing {
        state.withLock { state in
            if part <= state.lowest { return .lowest }
            return part - state.lowest <= state.ahead ? .ahead : .tooFarAhead
        }
    }

    /// Marks a part as finished.
    func finish(_ part: Int) {
        state.withLock { state in
            state.done.insert(part)
            while state.done.remove(state.lowest) != nil { state.lowest += 1 }
            if state.ahead < mostAhead { state.ahead += 1 }
        }
    }

    /// Records that the server did not accept a part; returns true where a lower part is missing.
    ///
    /// The server may have waited for that lower part. Until it is finished no part goes ahead; after that, each
    /// finished part lets one more go ahead.
    func hold(_ part: Int) -> Bool {
        state.withLock { state in
            guard part > state.lowest else { return false }
            if isBounded { state.ahead = 0 }
            return isBounded
        }
    }
}

/// One part's place in the order of its file.
struct PartTurn: Sendable {
    let order: PartOrder
    let part: Int

    var isLowest: Bool { if case .lowest = order.standing(of: part) { true } else { false } }
}
