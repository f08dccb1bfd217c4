import Synchronization

/// How many parts are under way at once: more as long as that is faster, half as many once a server is overwhelmed.
///
/// R2 answers with 5xx and 429 where too much comes at once, and asks its clients to slow down together.
/// <https://developers.cloudflare.com/r2/platform/troubleshooting/>
final class TransferWindow: Sendable {
    /// By how much a wider window must be faster to be widened again.
    private static let gain = 1.05
    /// One burst of refusals is one reason to slow down, however many parts it meets.
    private static let burst = Duration.seconds(1)

    private struct State {
        var width: Int
        var running = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
        var next = 0
        /// What was moved since the width was looked at last.
        var epoch: (start: ContinuousClock.Instant, bytes: Int64, parts: Int)
        /// Bytes a second at the last width.
        var pace: Double?
        var narrowed: ContinuousClock.Instant?
    }

    private let limits: TransferLimits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>

    init(
        startingWith width: Int, limits: TransferLimits,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.limits = limits
        self.now = now
        state = Mutex(State(width: max(1, width), epoch: (now(), 0, 0)))
    }

    /// How many may be under way now.
    var width: Int { state.withLock { min($0.width, limits.partsAtOnce) } }

    /// Moves one part when its turn comes; `body` says besides how many bytes went over the network.
    func run<Value: Sendable>(
        _ action: String, _ body: () async throws(StorageError) -> (Value, moved: Int64)
    ) async throws(StorageError) -> Value {
        guard await enter() else { throw StorageError(.cancelled, action, "cancelled") }
        do throws(StorageError) {
            let (value, moved) = try await body()
            leave(moved: moved)
            return value
        } catch {
            leave(moved: 0)
            throw error
        }
    }

    /// A server said "later", or nothing at all.
    func narrow() {
        let now = now()
        state.withLock { state in
            if let last = state.narrowed, now - last < Self.burst { return }
            state.narrowed = now
            state.width = max(1, min(state.width, limits.partsAtOnce) / 2)
            state.pace = nil
            state.epoch = (now, 0, 0)
        }
    }

    /// False where the task was cancelled meanwhile.
    private func enter() async -> Bool {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    if state.running < min(state.width, limits.partsAtOnce) {
                        state.running += 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                    // It may not wait yet; one that is under way already never asks again.
                    state.cancelled.insert(number)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            waiting?.resume(returning: false)
        }
    }

    private func leave(moved bytes: Int64) {
        let now = now()
        let started = state.withLock { state in
            state.running -= 1
            if bytes > 0 {
                state.epoch.bytes += bytes
                state.epoch.parts += 1
                widen(&state, at: now)
            }
            // Nobody is left who could still ask.
            if state.running == 0, state.waiting.isEmpty { state.cancelled = [] }
            let room = max(0, min(state.width, limits.partsAtOnce) - state.running)
            let started = state.waiting.prefix(room).map(\.continuation)
            state.waiting.removeFirst(started.count)
            state.running += started.count
            return started
        }
        for continuation in started { continuation.resume(returning: true) }
    }

    /// Looks once for each width's worth of parts whether the last step made it faster; only a full window tells.
    private func widen(_ state: inout State, at now: ContinuousClock.Instant) {
        let width = min(state.width, limits.partsAtOnce)
        guard state.epoch.parts >= width else { return }
        let seconds = max(0.001, (now - state.epoch.start).inSeconds)
        let pace = Double(state.epoch.bytes) / seconds
        state.epoch = (now, 0, 0)
        guard !state.waiting.isEmpty else { return }
        let wider = min(limits.partsAtOnce, width + max(1, width / 4))
        // At the ceiling the pace is kept for the day on which that is raised.
        guard wider > width else { return }
        if let last = state.pace, pace < last * Self.gain { return }
        state.pace = pace
        state.width = wider
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
