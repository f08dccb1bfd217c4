import Hashing
import POSIX
import Synchronization

/// Hashes parts of files on threads of its own, on each of them several parts side by side.
///
/// In the background those have what others leave of the processors. What gets on no more there is given to a thread that
/// always gets something: a part that stands still may be the one that all the others wait for.
final class PartHasher: Sendable {
    /// How long a part may stand still in the background, or be left there where nobody yields any more, in rounds.
    private static let patience = 3
    private static let hurriedPatience = 1
    /// How often somebody looks, in milliseconds.
    private static let round = 1000
    /// After a thread stood still nothing is given to its like for so long.
    private static let rest = Duration.seconds(30)
    /// Threads that have nothing to do for so many rounds end.
    private static let mostIdleRounds = 5

    private struct Worker {
        let thread: HashingThread
        var seen = 0
        /// Rounds for which it has stood still with something to do.
        var silences = 0
        /// What it has was given to another.
        var isForsaken = false
    }

    private struct State {
        var waiting: [HashRequest] = []
        var workers: [Worker] = []
        var isAttended = false
        /// Until then nobody is given what others leave.
        var restsUntil: ContinuousClock.Instant?
    }

    private let limits: TransferLimits
    private let areOthersReady: @Sendable () -> Bool
    private let mostThreads = Processors.count
    // Threads that yield take no part in this lock.
    private let state = Mutex(State())
    private let bell = ThreadSemaphore()

    /// `areOthersReady` says whether parts that are hashed wait to be sent.
    init(_ limits: TransferLimits, areOthersReady: @escaping @Sendable () -> Bool) {
        self.limits = limits
        self.areOthersReady = areOthersReady
    }

    /// So many parts beyond those that are sent keep one thread's lanes full: some are ready while others come together.
    static var partsAhead: Int { max(4, 2 * SHA256Lanes.count) }

    /// SHA-256, and MD5 if asked, of a part of a file.
    ///
    /// What may wait is not begun as long as others are ready and more may come to be hashed beside it; whoever takes one
    /// that is ready calls ``start()``.
    func hash(
        _ source: any PartSource, offset: Int64, length: Int64, withMD5: Bool,
        mayWait: @escaping @Sendable () -> Bool = { false }
    ) async throws(StorageError) -> PartHashes {
        let result = await withCheckedContinuation { continuation in
            let request = HashRequest(
                source, offset: offset, length: length, withMD5: withMD5, mayWait: mayWait, continuation: continuation)
            state.withLock { $0.waiting.append(request) }
            start()
        }
        return try result.get()
    }

    /// Begins with what waits, unless it should wait on.
    func start() {
        let areOthersReady = areOthersReady()
        let isNew = state.withLock { state in
            give(&state, areOthersReady)
            guard !state.isAttended else { return false }
            state.isAttended = state.workers.contains { !$0.thread.underWay.isEmpty }
            return state.isAttended
        }
        // Somebody who yields to nobody looks whether all get on.
        if isNew { BlockingThread.begin { [self] in attend() } }
    }

    // MARK: Giving

    /// Gives what waits to threads that have room, or to new ones where those that run have no lane left.
    private func give(_ state: inout State, _ areOthersReady: Bool) {
        let share = share(state)
        let mostThreads = share == .little ? min(2, mostThreads) : mostThreads
        while !state.waiting.isEmpty {
            let able = state.workers.indices.filter { index in
                let worker = state.workers[index]
                return worker.thread.share == share && !worker.isForsaken && worker.thread.idleCount > 0
            }
            // Company for what is under way is always welcome.
            let busy = able.first { state.workers[$0].thread.idleCount < SHA256Lanes.count }
            guard busy != nil || isTime(state, areOthersReady) else { return }
            if let index = busy ?? able.first {
                let first = state.waiting.firstIndex { !$0.mayWait() } ?? 0
                state.workers[index].thread.give(state.waiting.remove(at: first))
            } else {
                guard state.workers.count(where: { $0.thread.share == share }) < mostThreads else { return }
                state.workers.append(Worker(thread: makeThread(share)))
            }
        }
    }

    /// A thread that may get no processor only rings for somebody who hands on what is through; others do that themselves.
    private func makeThread(_ share: ProcessorShare) -> HashingThread {
        if share == .leftovers { return HashingThread(share) { [bell] in bell.post() } }
        return HashingThread(share) { [self] in
            state.withLock { state in for worker in state.workers { worker.thread.collect() } }
            start()
        }
    }

    /// What is left by others is not waited for where it was nothing a moment ago, nor where every thread waits for it.
    private func share(_ state: State) -> ProcessorShare {
        guard limits.isBackground else { return .full }
        if let until = state.restsUntil, until > .now { return .little }
        let forsaken = state.workers.count { $0.isForsaken }
        return forsaken < mostThreads ? .leftovers : .little
    }

    /// False where what waits should wait for more.
    private func isTime(_ state: State, _ areOthersReady: Bool) -> Bool {
        !areOthersReady || state.waiting.count >= SHA256Lanes.count || state.waiting.contains { !$0.mayWait() }
    }

    // MARK: Attending

    private func attend() {
        var idleRounds = 0
        var looked = ContinuousClock.now
        while true {
            _ = bell.wait(for: .milliseconds(Self.round))
            let isRound = ContinuousClock.now - looked >= .milliseconds(Self.round)
            if isRound { looked = .now }
            let isOver = state.withLock { state in
                for worker in state.workers { worker.thread.collect() }
                if isRound { look(&state) }
                let isBusy = !state.waiting.isEmpty || state.workers.contains { !$0.thread.underWay.isEmpty }
                idleRounds = isBusy ? 0 : idleRounds + (isRound ? 1 : 0)
                guard idleRounds >= Self.mostIdleRounds else { return false }
                // One that stands still is kept: it would be there beside any that came after it.
                for worker in state.workers where !worker.isForsaken { worker.thread.stop() }
                state.workers.removeAll { !$0.isForsaken }
                state.isAttended = false
                return true
            }
            if isOver { return }
            start()
        }
    }

    /// Gives to others what stands still.
    private func look(_ state: inout State) {
        let isHurried = !limits.isBackground
        for index in state.workers.indices where state.workers[index].thread.share == .leftovers {
            var worker = state.workers[index]
            let (underWay, progress) = (worker.thread.underWay, worker.thread.progress)
            let stoodStill = progress == worker.seen
            worker.seen = progress
            if !stoodStill { worker.isForsaken = false }
            worker.silences = !underWay.isEmpty && (stoodStill || isHurried) ? worker.silences + 1 : 0
            if !worker.isForsaken, worker.silences >= (isHurried ? Self.hurriedPatience : Self.patience) {
                worker.isForsaken = true
                state.restsUntil = .now + Self.rest
                state.waiting.insert(contentsOf: underWay, at: 0)
            }
            state.workers[index] = worker
        }
    }
}
