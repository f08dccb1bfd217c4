private import CLinux

/// Lets a thread sleep until another one calls; needs no descriptor, so that there is always one to be had.
package final class ThreadSemaphore: Sendable {
    // A semaphore is made to be used by several threads; its memory stays where it is until the last of them is done.
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    /// A semaphore at 0.
    package init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Wakes one that waits, or the next that comes.
    package func post() { sem_post(semaphore) }

    /// Waits until somebody posts.
    package func wait() { while sem_wait(semaphore) != 0 {} }

    /// Waits for at most so long; false where nobody came.
    package func wait(for patience: Duration) -> Bool {
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        let (seconds, attoseconds) = max(patience, .zero).components
        let nanoseconds = Int64(until.tv_nsec) + attoseconds / 1_000_000_000
        until.tv_sec += Int(min(seconds, 1 << 31)) + Int(nanoseconds / 1_000_000_000)
        until.tv_nsec = Int(nanoseconds % 1_000_000_000)
        // Not sem_timedwait, whose clock somebody may set.
        while sem_clockwait(semaphore, CLOCK_MONOTONIC, &until) != 0 {
            if CLinux.__errno_location().pointee != EINTR { return false }
        }
        return true
    }
}
