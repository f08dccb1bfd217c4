private import CLinux

/// Wakes a thread; whoever does so takes no lock, and may be stopped at any point of it.
/// <https://man7.org/linux/man-pages/man7/sem_overview.7.html>
public final class Semaphore: Sendable {
    // A semaphore is made to be used by several threads; its memory stays where it is until the last of them is done.
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    /// Nobody has posted yet.
    public init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Lets one who waits, or who will, go on.
    public func post() { sem_post(semaphore) }

    /// Waits for a post.
    public func wait() { while sem_wait(semaphore) != 0 {} }

    /// Waits for a post, false where none came in time.
    public func wait(milliseconds: Int) -> Bool {
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        let nanoseconds = Int(until.tv_nsec) + milliseconds % 1000 * 1_000_000
        until.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        until.tv_nsec = nanoseconds % 1_000_000_000
        while sem_clockwait(semaphore, CLOCK_MONOTONIC, &until) != 0 {
            if CLinux.__errno_location().pointee != EINTR { return false }
        }
        return true
    }
}
