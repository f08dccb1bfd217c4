import Synchronization

/// Threads that wait for more once their work is done, since starting one costs more than a short piece of work.
///
/// There are as many as there is work at once; one that gets none for a while ends. Where the system has no more threads,
/// work waits for the next of these that is done, or for a new one.
final class ParkedThreads: Sendable {
    typealias Work = @Sendable () -> Void

    private struct State {
        /// Who waits for work, the last to be done first, whose stack is still in the processor's cache.
        var parked: [ParkedThread] = []
        /// What no thread could be had for; the oldest first.
        var backlog: [Work] = []
        var alive = 0
        var kept = 0
    }

    private static let patience = Duration.seconds(5)

    /// What every thread does first, once.
    private let prepare: Work
    private let state = Mutex(State())

    init(_ prepare: @escaping Work = {}) { self.prepare = prepare }

    /// Has so many threads from now on, which do not end, for when there are no more to be had.
    func keep(_ count: Int) {
        let missing = state.withLock { state in
            defer { state.kept = max(state.kept, count) }
            return max(0, count - state.alive)
        }
        for _ in 0..<missing { ThreadStarter.shared.start { [self] in live(ParkedThread(nil)) } }
    }

    /// Does a piece of work at once, on a thread that waits or a new one; later where there is neither.
    func run(_ work: @escaping Work) {
        if let thread = state.withLock({ $0.parked.popLast() }) { return thread.hand(work) }
        // What the thread begins with is in its hands, and not in those of whoever starts it, who keep it while it lives.
        let thread = ParkedThread(work)
        guard !ThreadStarter.shared.tryToStart({ [self] in live(thread) }) else { return }
        state.withLock { $0.backlog.append(work) }
        // Whoever is done first takes it: one of those that are at work now, or this one once it can be had.
        ThreadStarter.shared.startLater { [self] in live(ParkedThread(nil)) }
    }

    private func live(_ thread: ParkedThread) {
        prepare()
        state.withLock { $0.alive += 1 }
        while true {
            thread.work()
            let next = state.withLock { state -> Work? in
                if !state.backlog.isEmpty { return state.backlog.removeFirst() }
                state.parked.append(thread)
                return nil
            }
            if let next { thread.take(next) } else if !wait(thread) { return }
        }
    }

    /// False where the thread is to end.
    private func wait(_ thread: ParkedThread) -> Bool {
        guard !thread.wakeUp.wait(for: Self.patience) else { return true }
        // Nobody hands anything to a thread that is not parked any more; one that was taken just now must wait.
        let isGone = state.withLock { state in
            guard state.alive > state.kept, let index = state.parked.firstIndex(where: { $0 === thread }) else {
                return false
            }
            state.parked.remove(at: index)
            state.alive -= 1
            return true
        }
        if isGone { return false }
        thread.wakeUp.wait()
        return true
    }
}

/// One thread, and what it is to do next.
private final class ParkedThread: Sendable {
    let wakeUp = ThreadSemaphore()
    private let next: Mutex<ParkedThreads.Work?>

    init(_ work: ParkedThreads.Work?) { next = Mutex(work) }

    func take(_ work: @escaping ParkedThreads.Work) { next.withLock { $0 = work } }

    func hand(_ work: @escaping ParkedThreads.Work) {
        take(work)
        wakeUp.post()
    }

    /// Does what was handed over, and keeps nothing of it.
    func work() { next.withLock({ $0.take() })?() }
}
