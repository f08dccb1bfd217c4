import Dispatch
import Synchronization
import Testing

@testable import HTTP
@testable import ObjectStorage

/// The number of parts in progress at once.
struct AdaptiveConcurrencyTests {
    /// A clock that the test sets.
    private final class Clock: Sendable {
        private let moment = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { moment.withLock { $0 } }
        func advance(_ seconds: Double) { moment.withLock { $0 += .seconds(seconds) } }
    }

    /// An executor with one thread.
    ///
    /// No other task can then move the clock between an advance and its record, however busy the machine is.
    private final class OneThread: TaskExecutor {
        private let queue = DispatchQueue(label: "parts")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            let executor = asUnownedTaskExecutor()
            queue.async { job.runSynchronously(on: executor) }
        }
    }

    /// Moves parts at `pace(width)` bytes per second, and returns the widths of the window on the way.
    private static func widths(
        _ window: AdaptiveConcurrency, _ clock: Clock, parts: Int, pace: @escaping @Sendable (Int) -> Double
    ) async throws -> [Int] {
        let record = Record(window)
        let thread = OneThread()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<parts {
                group.addTask(executorPreference: thread) {
                    try await window.run("move") { () async throws(StorageError) in
                        record.begin()
                        for _ in 0..<3 { await Task.yield() }
                        clock.advance(Double(1 << 20) / pace(window.width))
                        record.end()
                        return ((), 1 << 20)
                    }
                }
            }
            try await group.waitForAll()
        }
        return record.widths
    }

    /// Records the window's widths, and checks that never more parts were in progress.
    private final class Record: Sendable {
        private let window: AdaptiveConcurrency
        private let state: Mutex<(running: Int, widths: [Int])>

        init(_ window: AdaptiveConcurrency) {
            self.window = window
            state = Mutex((0, [window.width]))
        }

        var widths: [Int] { state.withLock { $0.widths } }

        func begin() {
            let width = window.width
            state.withLock { state in
                state.running += 1
                #expect(state.running <= max(width, state.widths.max() ?? 0))
                if state.widths.last != width { state.widths.append(width) }
            }
        }

        func end() { state.withLock { $0.running -= 1 } }
    }

    private static func make(_ clock: Clock, most: Int = 16) -> (AdaptiveConcurrency, TransferLimits) {
        let limits = TransferLimits(HTTPClient(), partsAtOnce: most)
        return (AdaptiveConcurrency(startingWith: 4, limits: limits) { clock.now }, limits)
    }

    @Test func `it widens as long as that is faster, up to the ceiling`() async throws {
        let clock = Clock()
        let (window, _) = Self.make(clock)
        let widths = try await Self.widths(window, clock, parts: 300) { Double($0) * 1e7 }
        #expect(widths.first == 4 && widths.last == 16)
        #expect(widths == widths.sorted())
    }

    @Test func `it stays where more is no faster`() async throws {
        let clock = Clock()
        let (window, _) = Self.make(clock)
        let widths = try await Self.widths(window, clock, parts: 300) { _ in 1e7 }
        #expect(widths.prefix(3) == [4, 5, 4] && widths.allSatisfy { $0 <= 5 }, "\(widths)")
    }

    @Test func `a pace that was measured too high once keeps it narrow no longer than a while`() async throws {
        let clock = Clock()
        let (window, _) = Self.make(clock)
        let moved = Mutex(0)
        let widths = try await Self.widths(window, clock, parts: 600) { width in
            moved.withLock { moved in
                moved += 1
                // Buffers on the way absorb the first parts.
                return moved <= 8 ? 1e10 : Double(width) * 1e7
            }
        }
        #expect(widths.contains(4) && widths.last == 16, "\(widths)")
    }

    @Test func `a burst of refusals halves it once`() async throws {
        let clock = Clock()
        let (window, _) = Self.make(clock)
        for _ in 0..<5 { window.narrow() }
        #expect(window.width == 2)
        clock.advance(2)
        window.narrow()
        #expect(window.width == 1)
        clock.advance(2)
        window.narrow()
        #expect(window.width == 1, "something always moves")
    }

    @Test func `the ceiling may change while parts are under way`() async throws {
        let clock = Clock()
        let (window, limits) = Self.make(clock, most: 2)
        let widths = try await Self.widths(window, clock, parts: 100) { Double($0) * 1e7 }
        #expect(widths == [2])
        limits.partsAtOnce = 8
        let wider = try await Self.widths(window, clock, parts: 200) { Double($0) * 1e7 }
        #expect(wider.last == 8)
        limits.partsAtOnce = 3
        #expect(window.width == 3)
    }

    @Test func `who is cancelled while it waits takes nobody's place`() async throws {
        let clock = Clock()
        let (window, _) = Self.make(clock, most: 1)
        let gate = Mutex<CheckedContinuation<Void, Never>?>(nil)
        let first = Task {
            try await window.run("a") { () async throws(StorageError) in
                await withCheckedContinuation { next in gate.withLock { $0 = next } }
                return (true, 1)
            }
        }
        while gate.withLock({ $0 == nil }) { await Task.yield() }
        let second = Task { try await window.run("b") { (2, 1) } }
        let third = Task { try await window.run("c") { (3, 1) } }
        second.cancel()
        await #expect(throws: StorageError.self) { try await second.value }
        gate.withLock { $0 }?.resume()
        #expect(try await first.value)
        #expect(try await third.value == 3)
    }
}
