import Synchronization

/// A pool of threads that wait for more work, since starting a thread costs more than a short piece of work.
///
/// It has as many threads as there is concurrent work; a thread that is idle for a while ends. Where the system has no
/// more threads, work waits for the next free thread of the pool, or for a new one.
final class ParkedThreads: Sendable {
    typealias Work = @Sendable () -> Void

    private struct State {
        /// The idle threads; the last to finish is first, because its stack is still in the processor's cache.
        var parked: [ParkedThread] = []
        /// Work for which there was no thread; the oldest first.
        var backlog: [Work] = []
        var alive = 0
        var kept = 0
    }

    private static let patience = Duration.seconds(5)

    /// Called once at the start of every thread.
    private let prepare: Work
    private let state = Mutex(State())

    init(_ prepare: @escaping Work = {}) { self.prepare = prepare }

    /// Keeps this many threads from now on, which do not end, for when the system has no more.
    func keep(_ count: Int) {
        let missing = state.withLock { state in
            defer { state.kept = max(state.kept, count) }
            return max(0, count - state.alive)
        }
        for _ in 0..<missing { ThreadStarter.shared.start { [self] in live(ParkedThread(nil)) } }
    }

    /// Runs a piece of work at once on an idle or new thread; later where there is neither.
    func run(_ work: @escaping Work) {
        if let thread = state.withLock({ $0.parked.popLast() }) { return thread.hand(work) }
        // The ParkedThread holds the work, not the closure that starts the thread, which is kept as long as the thread
        // runs.
        let thread = ParkedThread(work)
        guard !ThreadStarter.shared.tryToStart({ [self] in live(thread) }) else { return }
        state.withLock { $0.backlog.append(work) }
        // The first free thread takes it: one that is busy now, or this one once it can be started.
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

    /// Returns false where the thread should end.
    private func wait(_ thread: ParkedThread) -> Bool {
        guard !thread.wakeUp.wait(for: Self.patience) else { return true }
        // A thread that is no longer parked was given work just now, and must wait for it.
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

/// One thread and its next piece of work.
private final class ParkedThread: Sendable {
    let wakeUp = ThreadSemaphore()
    private let next: Mutex<ParkedThreads.Work?>

    init(_ work: ParkedThreads.Work?) { next = Mutex(work) }

    func take(_ work: @escaping ParkedThreads.Work) { next.withLock { $0 = work } }

    func hand(_ work: @escaping ParkedThreads.Work) {
        take(work)
        wakeUp.post()
    }

    /// Runs the work and releases it.
    func work() { next.withLock({ $0.take() })?() }
}
