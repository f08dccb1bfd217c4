import Synchronization

/// The number of parts in progress at once: it grows while that is faster, and halves when a server is overloaded.
///
/// R2 answers 5xx and 429 where too many requests come at once, and asks its clients to slow down together.
/// <https://developers.cloudflare.com/r2/platform/troubleshooting/>
final class AdaptiveConcurrency: Sendable {
    /// The speedup that a wider window must reach to be widened again.
    private static let gain = 1.05
    /// The number of window widths of parts after which a width that was no faster is tried again.
    ///
    /// The network may have changed, or the speed that it was compared with was measured too high.
    private static let rest = 8
    /// All refusals within this time count as one reason to slow down, regardless of the number of parts.
    private static let burst = Duration.seconds(1)

    private struct Pace {
        var width: Int
        /// What was moved since the last look at the width.
        var epoch: (start: ContinuousClock.Instant, bytes: Int64, parts: Int)
        /// The narrower width to compare with, and its bytes per second.
        var before: (width: Int, speed: Double)?
        /// The number of looks before a wider window is tried.
        var rest = 0
        var narrowed: ContinuousClock.Instant?
    }

    private let limits: TransferLimits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let pace: Mutex<Pace>
    private let semaphore = AsyncSemaphore(holdingBack: true)

    init(
        startingWith width: Int, limits: TransferLimits,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.limits = limits
        self.now = now
        pace = Mutex(Pace(width: max(1, width), epoch: (now(), 0, 0)))
    }

    /// The number of parts that may be in progress now.
    var width: Int { min(pace.withLock { $0.width }, limits.partsAtOnce) }

    /// True where parts wait only for room.
    var isCrowded: Bool { semaphore.isCrowded }

    /// Moves one part when its turn comes; `body` also returns the bytes that went over the network.
    func run<Value: Sendable>(
        _ action: String, as turn: PartTurn? = nil, _ body: () async throws(StorageError) -> (Value, moved: Int64)
    ) async throws(StorageError) -> Value {
        try await semaphore.run(action, as: turn, atMost: { [self] in width }) { (_) async throws(StorageError) in
            let (value, moved) = try await body()
            if moved > 0 { note(moved) }
            return value
        }
    }

    /// Admits the parts whose turn has come.
    func look() { semaphore.look(atMost: { [self] in width }) }

    /// Halves the window after a "try later" status or a stalled request.
    func narrow() {
        let now = now()
        pace.withLock { pace in
            if let last = pace.narrowed, now - last < Self.burst { return }
            pace.narrowed = now
            pace.width = max(1, min(pace.width, limits.partsAtOnce) / 2)
            pace.before = nil
            pace.epoch = (now, 0, 0)
        }
    }

    private func note(_ bytes: Int64) {
        let now = now()
        let isFull = semaphore.isCrowded
        pace.withLock { pace in
            pace.epoch.bytes += bytes
            pace.epoch.parts += 1
            widen(&pace, at: now, isFull: isFull)
        }
    }

    /// Compares the speed once per window width of parts: keeps the last widening only if it was faster.
    ///
    /// Only a full window gives a valid measurement.
    private func widen(_ pace: inout Pace, at now: ContinuousClock.Instant, isFull: Bool) {
        let width = min(pace.width, limits.partsAtOnce)
        guard pace.epoch.parts >= width else { return }
        let seconds = max(0.001, (now - pace.epoch.start).inSeconds)
        let speed = Double(pace.epoch.bytes) / seconds
        pace.epoch = (now, 0, 0)
        guard isFull else { return }
        if let before = pace.before, before.width < width, speed < before.speed * Self.gain {
            pace.width = before.width
            pace.before = nil
            pace.rest = Self.rest
            return
        }
        pace.rest -= 1
        let wider = min(limits.partsAtOnce, width + max(1, width / 4))
        // At the ceiling there is nothing to compare until the ceiling is raised.
        guard pace.rest <= 0, wider > width else { return }
        pace.before = (width, speed)
        pace.width = wider
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
