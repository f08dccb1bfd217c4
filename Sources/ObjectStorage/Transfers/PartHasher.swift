import Hashing
import POSIX
import Synchronization

/// Hashes parts of files on its own threads, several parts side by side on each thread.
///
/// In the background these threads get only the processor time that others leave. Parts that make no progress there are
/// given to a thread that always gets some: a part that stands still may be the one that all others wait for.
final class PartHasher: Sendable {
    /// How many rounds a part may stand still in the background, and how many once the client leaves the background.
    private static let patience = 3
    private static let hurriedPatience = 1
    /// The interval between two looks at the threads' progress, in milliseconds.
    private static let round = 1000
    /// How long no part is given to a thread of the lowest share after one stood still.
    private static let rest = Duration.seconds(30)
    /// Idle threads end after this number of rounds.
    private static let mostIdleRounds = 5

    private struct Worker {
        let thread: HashingThread
        var seen = 0
        /// Rounds without progress although the thread had parts.
        var silences = 0
        /// True once the thread's parts were given to another one.
        var isForsaken = false
    }

    private struct State {
        var waiting: [HashRequest] = []
        var workers: [Worker] = []
        var isAttended = false
        /// Until then no part is given to a thread of the lowest share.
        var restsUntil: ContinuousClock.Instant?
    }

    private let limits: TransferLimits
    private let areOthersReady: @Sendable () -> Bool
    private let mostThreads = Processors.count
    // Threads of the lowest share never take this lock.
    private let state = Mutex(State())
    private let bell = ThreadSemaphore()

    /// Creates a hasher; `areOthersReady` returns whether hashed parts wait to be sent.
    init(_ limits: TransferLimits, areOthersReady: @escaping @Sendable () -> Bool) {
        self.limits = limits
        self.areOthersReady = areOthersReady
    }

    /// The number of parts ahead of those being sent that keeps one thread's lanes full: some ready, others collecting.
    static var partsAhead: Int { max(4, 2 * SHA256Lanes.count) }

    /// Returns the SHA-256, and optionally the MD5, of a part of a file.
    ///
    /// While hashed parts are ready, a part that may wait is held back so that more parts can join it side by side. The
    /// caller must call ``start()`` whenever it takes a ready part.
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

    /// Starts waiting parts, unless they should wait for more.
    func start() {
        let areOthersReady = areOthersReady()
        let isNew = state.withLock { state in
            give(&state, areOthersReady)
            guard !state.isAttended else { return false }
            state.isAttended = state.workers.contains { !$0.thread.underWay.isEmpty }
            return state.isAttended
        }
        // A thread at normal priority checks that all of them make progress.
        if isNew { BlockingThread.begin { [self] in attend() } }
    }

    // MARK: Assigning parts to threads

    /// Gives waiting parts to threads with free lanes, or to new threads where the running ones are full.
    private func give(_ state: inout State, _ areOthersReady: Bool) {
        let share = share(state)
        let mostThreads = share == .little ? min(2, mostThreads) : mostThreads
        while !state.waiting.isEmpty {
            let able = state.workers.indices.filter { index in
                let worker = state.workers[index]
                return worker.thread.share == share && !worker.isForsaken && worker.thread.idleCount > 0
            }
            // A free lane next to a part that is being hashed costs nothing, so there is no reason to wait.
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

    /// Starts a thread; one of the lowest share only posts a semaphore, because it must not take the lock.
    private func makeThread(_ share: ProcessorShare) -> HashingThread {
        if share == .leftovers { return HashingThread(share) { [bell] in bell.post() } }
        return HashingThread(share) { [self] in
            state.withLock { state in for worker in state.workers { worker.thread.collect() } }
            start()
        }
    }

    /// Returns the processor share for new parts: not the lowest while threads there stand still or did so recently.
    private func share(_ state: State) -> ProcessorShare {
        guard limits.isBackground else { return .full }
        if let until = state.restsUntil, until > .now { return .little }
        let forsaken = state.workers.count { $0.isForsaken }
        return forsaken < mostThreads ? .leftovers : .little
    }

    /// Returns false where waiting parts should wait for more.
    private func isTime(_ state: State, _ areOthersReady: Bool) -> Bool {
        !areOthersReady || state.waiting.count >= SHA256Lanes.count || state.waiting.contains { !$0.mayWait() }
    }

    // MARK: Supervising the threads

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
                // A thread that stands still is kept, because it would remain beside its replacement anyway.
                for worker in state.workers where !worker.isForsaken { worker.thread.stop() }
                state.workers.removeAll { !$0.isForsaken }
                state.isAttended = false
                return true
            }
            if isOver { return }
            start()
        }
    }

    /// Gives the parts of threads without progress to other threads.
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
