private import CLinux
private import Synchronization
// The API for custom executors; not stable yet, but the same in every release of Swift 6.3.
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) private import _Concurrency

/// The threads that run Swift's tasks, all started at the beginning.
///
/// By default tasks run on libdispatch, which starts threads and opens descriptors at any time. Where it gets no thread
/// it blocks the calling one, possibly the one that forwards signals, and where it cannot read /proc/self/task it ends
/// the process. These threads need only memory once they run.
package enum TaskThreads {
    /// Takes over all tasks; must be called once, before any task exists.
    package static func takeOver() { _createExecutors(factory: Factory.self) }

    private struct Factory: ExecutorFactory {
        static var mainExecutor: any MainExecutor { PlatformExecutorFactory.mainExecutor }
        static let defaultExecutor: any TaskExecutor = TaskThreadExecutor()
    }
}

private final class TaskThreadExecutor: TaskExecutor, SchedulingExecutor {
    private struct State {
        /// The next job is at `first`.
        var jobs: [UnownedJob] = []
        var first = 0
        /// Sorted with the earliest due time last.
        var later: [(due: ContinuousClock.Instant, job: UnownedJob)] = []
    }

    private let state = Mutex(State())
    private let wakeUp = ThreadSemaphore()
    private let clockWakeUp = ThreadSemaphore()

    init() {
        for _ in 0..<min(16, max(4, Processors.count)) { BlockingThread.start { [self] in run() } }
        BlockingThread.start { [self] in watchTheClock() }
    }

    func enqueue(_ job: consuming ExecutorJob) { add(UnownedJob(job)) }

    func enqueue<C: Clock>(_ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C) {
        add(UnownedJob(job), in: delay as? Duration ?? .zero)
    }

    func enqueue<C: Clock>(_ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C) {
        add(UnownedJob(job), in: clock.now.duration(to: instant) as? Duration ?? .zero)
    }

    private func add(_ job: UnownedJob) {
        state.withLock { $0.jobs.append(job) }
        wakeUp.post()
    }

    private func add(_ job: UnownedJob, in delay: Duration) {
        guard delay > .zero else { return add(job) }
        let due = ContinuousClock.now + min(delay, .seconds(1 << 31))
        let isNext = state.withLock { state in
            var low = 0
            var high = state.later.count
            // Among jobs due at the same time, the first to arrive runs first.
            while low < high {
                let middle = (low + high) / 2
                if state.later[middle].due > due { low = middle + 1 } else { high = middle }
            }
            state.later.insert((due, job), at: low)
            return low == state.later.count - 1
        }
        if isNext { clockWakeUp.post() }
    }

    private func run() {
        caas_name_thread("caas-tasks")
        while true {
            wakeUp.wait()
            if let job = takeJob() { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    private func takeJob() -> UnownedJob? {
        state.withLock { state in
            guard state.first < state.jobs.count else { return nil }
            defer {
                state.first += 1
                if state.first == state.jobs.count {
                    state.jobs.removeAll(keepingCapacity: state.first <= 4096)
                    state.first = 0
                } else if state.first >= 4096 {
                    state.jobs.removeFirst(state.first)
                    state.first = 0
                }
            }
            return state.jobs[state.first]
        }
    }

    private func watchTheClock() {
        caas_name_thread("caas-clock")
        while true {
            let now = ContinuousClock.now
            let (due, next) = state.withLock { state -> ([UnownedJob], ContinuousClock.Instant?) in
                var due: [UnownedJob] = []
                while let last = state.later.last, last.due <= now {
                    due.append(last.job)
                    state.later.removeLast()
                }
                return (due, state.later.last?.due)
            }
            for job in due { add(job) }
            if let next { _ = clockWakeUp.wait(for: next - ContinuousClock.now) } else { clockWakeUp.wait() }
        }
    }
}
