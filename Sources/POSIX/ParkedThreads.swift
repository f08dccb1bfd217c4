private import CLinux
import Synchronization

/// Threads that wait for more once their work is done, since starting one costs more than a short piece of work.
///
/// There are as many as there is work at once; one that gets none for a while ends.
final class ParkedThreads: Sendable {
    typealias Work = @Sendable () -> Void

    private static let patience = 5

    /// What every thread does first, once.
    private let prepare: Work
    /// Who waits for work, the last to be done first, whose stack is still in the processor's cache.
    private let parked = Mutex<[ParkedThread]>([])

    init(_ prepare: @escaping Work = {}) { self.prepare = prepare }

    /// Does a piece of work at once, on a thread that waits or a new one.
    func run(_ work: @escaping Work) {
        if let thread = parked.withLock({ $0.popLast() }) { return thread.hand(work) }
        let thread = ParkedThread(work)
        BlockingThread.start { [self] in
            prepare()
            while true {
                thread.work()
                parked.withLock { $0.append(thread) }
                guard !thread.waits(seconds: Self.patience) else { continue }
                // Nobody hands anything to a thread that is not parked any more; one that was taken just now must wait.
                let isGone = parked.withLock { parked in
                    guard let index = parked.firstIndex(where: { $0 === thread }) else { return false }
                    parked.remove(at: index)
                    return true
                }
                if isGone { return }
                thread.waits()
            }
        }
    }
}

/// One thread's semaphore, and what it is to do next.
private final class ParkedThread: Sendable {
    private let next: Mutex<ParkedThreads.Work?>
    // A semaphore is made to be used by several threads; its memory stays where it is until the last of them is done.
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init(_ work: @escaping ParkedThreads.Work) {
        next = Mutex(work)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func hand(_ work: @escaping ParkedThreads.Work) {
        next.withLock { $0 = work }
        sem_post(semaphore)
    }

    /// Does what was handed over, and keeps nothing of it.
    func work() { next.withLock({ $0.take() })?() }

    func waits() { while sem_wait(semaphore) != 0 {} }

    /// False where nobody came.
    func waits(seconds: Int) -> Bool {
        var until = timespec()
        clock_gettime(CLOCK_REALTIME, &until)
        until.tv_sec += seconds
        while sem_timedwait(semaphore, &until) != 0 {
            if CLinux.__errno_location().pointee != EINTR { return false }
        }
        return true
    }
}
