private import CLinux
private import Glibc

/// A semaphore between threads; it needs no file descriptor, so creating one cannot fail for lack of them.
package final class ThreadSemaphore: Sendable {
    // A semaphore is meant for several threads; its memory stays in place until the last of them releases this object.
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    /// Creates a semaphore with the value 0.
    package init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Increments the value, which wakes one waiting thread or lets the next one pass.
    package func post() { sem_post(semaphore) }

    /// Waits until the value is positive, and decrements it.
    package func wait() { while sem_wait(semaphore) != 0 {} }

    /// Waits for at most `patience`; returns false after a timeout.
    package func wait(for patience: Duration) -> Bool {
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        let (seconds, attoseconds) = max(patience, .zero).components
        let nanoseconds = Int64(until.tv_nsec) + attoseconds / 1_000_000_000
        until.tv_sec += Int(min(seconds, 1 << 31)) + Int(nanoseconds / 1_000_000_000)
        until.tv_nsec = Int(nanoseconds % 1_000_000_000)
        // Not sem_timedwait, whose clock may be set.
        while sem_clockwait(semaphore, CLOCK_MONOTONIC, &until) != 0 {
            if CLinux.__errno_location().pointee != EINTR { return false }
        }
        return true
    }
}
