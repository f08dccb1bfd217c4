import CLinux
import POSIX
import Synchronization
import Testing

/// Threads for blocking work, which are reused.
struct BlockingThreadTests {
    private final class Counter: Sendable {
        private let number = Mutex(0)
        var value: Int { number.withLock { $0 } }
        func add() { number.withLock { $0 += 1 } }
    }

    @Test func `as much work as comes goes on at once`() async {
        let count = 40
        let together = Counter()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<count {
                group.addTask {
                    await BlockingThread.run {
                        together.add()
                        // Each waits until all have started: with fewer threads none would finish.
                        var looks = 0
                        while together.value < count, looks < 60_000 {
                            usleep(5000)
                            looks += 1
                        }
                        return together.value == count
                    }
                }
            }
            for await isComplete in group { #expect(isComplete) }
        }
    }

    @Test func `a thread is lent again, and nothing of what it did is kept`() async throws {
        final class Witness: Sendable {}
        weak var forgotten: Witness?
        var threads: Set<UInt> = []
        for _ in 0..<200 {
            let witness = Witness()
            forgotten = witness
            threads.insert(
                await BlockingThread.run {
                    _ = witness
                    return UInt(pthread_self())
                })
        }
        #expect(threads.count < 100, "others run meanwhile, but not that many")
        for _ in 0..<100_000 where forgotten != nil { usleep(1000) }
        #expect(forgotten == nil)
    }

    @Test func `many short pieces of work are all done`() async {
        let done = Counter()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<5000 {
                group.addTask {
                    await BlockingThread.run(inBackground: number.isMultiple(of: 3)) { done.add() }
                }
            }
        }
        #expect(done.value == 5000)
    }

    @Test func `errors come back with their type`() async throws {
        struct Failure: Error, Equatable {}
        await #expect(throws: Failure()) { try await BlockingThread.run { () throws(Failure) in throw Failure() } }
        #expect(await BlockingThread.run { 7 } == 7)
    }
}
