import Synchronization
import TestSupport
import Testing

@testable import POSIX

/// Threads that wait for more work.
struct ParkedThreadsTests {
    private final class Witness: Sendable {}

    /// What a piece of work holds, as the lock of a file, is held no longer than it takes, however long the thread lives.
    @Test func `nothing is kept of the first work of a thread that does not end`() async throws {
        let threads = ParkedThreads()
        let (begun, gate) = (ThreadSemaphore(), ThreadSemaphore())
        weak var forgotten: Witness?
        do {
            let witness = Witness()
            forgotten = witness
            threads.run {
                begun.post()
                gate.wait()
                _ = witness
            }
        }
        // The thread that is at work is the one that is kept.
        begun.wait()
        threads.keep(1)
        gate.post()
        _ = try await eventually { forgotten == nil ? true : nil }
        #expect(forgotten == nil)
    }
}
