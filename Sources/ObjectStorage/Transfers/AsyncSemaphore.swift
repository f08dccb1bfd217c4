import Synchronization

/// Limits how many tasks run at once.
///
/// Tasks without a turn enter in order of arrival. Among parts, the lowest missing part of a file enters first. Room is
/// reserved for it while others go ahead, and if necessary it enters above the limit, because all parts inside may be
/// waiting for it. Next come the parts of the file with the fewest parts inside, then those of the oldest file.
final class AsyncSemaphore: Sendable {
    /// The most awaited parts inside above the limit.
    private static let mostExtra = 4

    private struct Waiting {
        let number: Int
        let turn: PartTurn?
        let continuation: CheckedContinuation<Pass?, Never>
    }

    private struct State {
        var inside = 0
        /// The tasks that entered above the limit.
        var extra = 0
        /// The parts inside, by their file's number.
        var files: [Int: File] = [:]
        var waiting: [Waiting] = []
        var cancelled: Set<Int> = []
        var next = 0
    }

    private struct File {
        let order: PartOrder
        var inside: Set<Int> = []
        /// True where the awaited part is inside, or no part of the file is awaited.
        var hasLowest: Bool { !order.isBounded || inside.contains(order.lowest) }
    }

    /// The right to be inside; it is given back once.
    final class Pass: Sendable {
        fileprivate let turn: PartTurn?
        fileprivate let isExtra: Bool
        private let isGivenBack = Atomic(false)
        private let onLeave: @Sendable (Pass) -> Void

        fileprivate init(turn: PartTurn?, isExtra: Bool, onLeave: @escaping @Sendable (Pass) -> Void) {
            self.turn = turn
            self.isExtra = isExtra
            self.onLeave = onLeave
        }

        func leave() {
            if !isGivenBack.exchange(true, ordering: .acquiringAndReleasing) { onLeave(self) }
        }
    }

    /// True where a part too far ahead of its file's lowest waits even if there is room.
    private let holdsBack: Bool
    private let state = Mutex(State())

    init(holdingBack holdsBack: Bool = false) { self.holdsBack = holdsBack }

    /// True where a task waits only for room.
    var isCrowded: Bool { state.withLock { state in state.waiting.contains { rank($0, state) != nil } } }

    /// Runs `body` when its turn comes; `body` may give its pass back before it ends.
    ///
    /// `limit` is evaluated whenever a task enters or leaves.
    func run<Value: Sendable>(
        _ action: String, as turn: PartTurn? = nil, atMost limit: @escaping @Sendable () -> Int,
        _ body: (Pass) async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        guard let pass = await enter(turn, limit) else { throw StorageError(.cancelled, action, "cancelled") }
        defer { pass.leave() }
        return try await body(pass)
    }

    /// Admits the tasks whose turn has come, for instance once a part is finished.
    func look(atMost limit: @escaping @Sendable () -> Int) {
        let entering = state.withLock { admitted(&$0, limit) }
        for (waiting, pass) in entering { waiting.continuation.resume(returning: pass) }
    }

    /// Returns nil where the task was cancelled while it waited.
    private func enter(_ turn: PartTurn?, _ limit: @escaping @Sendable () -> Int) async -> Pass? {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return true }
                    state.waiting.append(Waiting(number: number, turn: turn, continuation: continuation))
                    return false
                }
                if isCancelled { continuation.resume(returning: nil) } else { look(atMost: limit) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Pass?, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                    // The task may not be waiting yet. A task that is inside already never looks at this set again.
                    state.cancelled.insert(number)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            waiting?.resume(returning: nil)
        }
    }

    private func leave(_ pass: Pass, _ limit: @escaping @Sendable () -> Int) {
        state.withLock { state in
            state.inside -= 1
            if pass.isExtra { state.extra -= 1 }
            if let turn = pass.turn {
                state.files[turn.order.number]?.inside.remove(turn.part)
                if state.files[turn.order.number]?.inside.isEmpty == true { state.files[turn.order.number] = nil }
            }
            // No task is left that could look at this set.
            if state.inside == 0, state.waiting.isEmpty { state.cancelled = [] }
        }
        look(atMost: limit)
    }

    private func admitted(_ state: inout State, _ limit: @escaping @Sendable () -> Int) -> [(Waiting, Pass)] {
        var entering: [(Waiting, Pass)] = []
        let most = limit()
        while !state.waiting.isEmpty {
            let ranked = state.waiting.indices.compactMap { index in
                rank(state.waiting[index], state).map { (index: index, rank: $0) }
            }
            guard let first = ranked.min(by: { $0.rank < $1.rank }) else { break }
            let isExtra = state.inside - state.extra >= most - (first.rank.isAwaited ? 0 : owed(state))
            guard !isExtra || mayBeExtra(first.rank, state, most) else { break }
            let waiting = state.waiting.remove(at: first.index)
            state.inside += 1
            if isExtra { state.extra += 1 }
            if let turn = waiting.turn {
                state.files[turn.order.number, default: File(order: turn.order)].inside.insert(turn.part)
            }
            let pass = Pass(turn: waiting.turn, isExtra: isExtra) { [self] in leave($0, limit) }
            entering.append((waiting, pass))
        }
        return entering
    }

    /// Returns true where the tasks inside may be waiting for this one.
    private func mayBeExtra(_ rank: Rank, _ state: State, _ most: Int) -> Bool {
        let awaited = state.files.values.count { $0.order.isBounded && $0.hasLowest }
        return rank.isAwaited && awaited < most && state.extra < Self.mostExtra
    }

    /// Returns the number of places reserved for parts that other parts of their file wait for.
    private func owed(_ state: State) -> Int {
        guard holdsBack else { return 0 }
        var owed = Set(state.files.values.filter { !$0.hasLowest }.map(\.order.number))
        for waiting in state.waiting {
            guard let order = waiting.turn?.order, order.isBounded, state.files[order.number] == nil else { continue }
            owed.insert(order.number)
        }
        return owed.count
    }

    /// The order of admission; tasks with a turn come before those without.
    private struct Rank: Comparable {
        let isAwaited: Bool
        let inside: Int
        let file: Int
        let part: Int

        static func < (one: Rank, other: Rank) -> Bool {
            if one.isAwaited != other.isAwaited { return one.isAwaited }
            return (one.inside, one.file, one.part) < (other.inside, other.file, other.part)
        }
    }

    /// Returns nil where the task must wait even if there is room.
    private func rank(_ waiting: Waiting, _ state: State) -> Rank? {
        guard let turn = waiting.turn else {
            return Rank(isAwaited: false, inside: .max, file: .max, part: waiting.number)
        }
        let standing = turn.order.standing(of: turn.part)
        if holdsBack, standing == .tooFarAhead { return nil }
        let number = turn.order.number
        return Rank(
            isAwaited: standing == .lowest && turn.order.isBounded, inside: state.files[number]?.inside.count ?? 0,
            file: number, part: turn.part)
    }
}
