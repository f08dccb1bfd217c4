import Synchronization

/// Lets so many through at once.
///
/// Who waits without a turn goes in the order of coming. Of parts the lowest that is missing of its file comes first: room
/// is kept for it while others go ahead, and it goes in as one more than there is room for if need be, since those who are
/// inside may wait for nothing but it. Among other parts that of the file that has fewest inside, then of the oldest file,
/// comes first.
final class Turnstile: Sendable {
    /// More than there is room for at once, of parts that others wait for.
    private static let mostExtra = 4

    private struct Waiting {
        let number: Int
        let turn: PartTurn?
        let continuation: CheckedContinuation<Pass?, Never>
    }

    private struct State {
        var inside = 0
        /// Those who are inside although there was no room.
        var extra = 0
        /// The parts that are inside, by their file's number.
        var files: [Int: File] = [:]
        var waiting: [Waiting] = []
        var cancelled: Set<Int> = []
        var next = 0
    }

    private struct File {
        let order: PartOrder
        var inside: Set<Int> = []
        /// True where the part that others wait for is on the way, or nobody waits for any.
        var hasLowest: Bool { !order.isBounded || inside.contains(order.lowest) }
    }

    /// What somebody has who is inside, and gives back once.
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

    /// True where a part that is too far ahead of its file's lowest waits, whatever room there is.
    private let holdsBack: Bool
    private let state = Mutex(State())

    init(holdingBack holdsBack: Bool = false) { self.holdsBack = holdsBack }

    /// True where somebody waits who could go if there were room.
    var isCrowded: Bool { state.withLock { state in state.waiting.contains { rank($0, state) != nil } } }

    /// Does something when its turn comes; `body` may give its pass back before it ends.
    ///
    /// `limit` is asked whenever somebody comes or goes.
    func run<Value: Sendable>(
        _ action: String, as turn: PartTurn? = nil, atMost limit: @escaping @Sendable () -> Int,
        _ body: (Pass) async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        guard let pass = await enter(turn, limit) else { throw StorageError(.cancelled, action, "cancelled") }
        defer { pass.leave() }
        return try await body(pass)
    }

    /// Lets those in whose turn it has become, as once a part is through.
    func look(atMost limit: @escaping @Sendable () -> Int) {
        let entering = state.withLock { admitted(&$0, limit) }
        for (waiting, pass) in entering { waiting.continuation.resume(returning: pass) }
    }

    /// nil where the task was cancelled meanwhile.
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
                    // It may not wait yet; one that is inside already never asks again.
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
            // Nobody is left who could still ask.
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

    /// True where those who fill the room may wait for this one.
    private func mayBeExtra(_ rank: Rank, _ state: State, _ most: Int) -> Bool {
        let awaited = state.files.values.count { $0.order.isBounded && $0.hasLowest }
        return rank.isAwaited && awaited < most && state.extra < Self.mostExtra
    }

    /// Places that are kept for parts that others of their files wait for.
    private func owed(_ state: State) -> Int {
        guard holdsBack else { return 0 }
        var owed = Set(state.files.values.filter { !$0.hasLowest }.map(\.order.number))
        for waiting in state.waiting {
            guard let order = waiting.turn?.order, order.isBounded, state.files[order.number] == nil else { continue }
            owed.insert(order.number)
        }
        return owed.count
    }

    /// What comes before what; those with a turn come before those without.
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

    /// nil where it must wait although there is room.
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
