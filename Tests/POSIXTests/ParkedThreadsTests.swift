import Synchronization
import TestSupport
import Testing

@testable import POSIX

/// Threads that wait for more work.
struct ParkedThreadsTests {
    private final class Witness: Sendable {}

    /// A piece of work releases what it holds, such as a file's lock, when it ends, not when its thread ends.
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
        // The thread that is busy is the one to be kept.
        begun.wait()
        threads.keep(1)
        gate.post()
        _ = try await eventually { forgotten == nil ? true : nil }
        #expect(forgotten == nil)
    }
}
