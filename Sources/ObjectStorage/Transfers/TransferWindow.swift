import Synchronization

/// How many parts are under way at once: more as long as that is faster, half as many once a server is overwhelmed.
///
/// R2 answers with 5xx and 429 where too much comes at once, and asks its clients to slow down together.
/// <https://developers.cloudflare.com/r2/platform/troubleshooting/>
final class TransferWindow: Sendable {
    /// By how much a wider window must be faster to be widened again.
    private static let gain = 1.05
    /// After how many widths' worth of parts a width that was no faster is tried again: the network may have changed,
    /// or what it was compared with was measured too high.
    private static let rest = 8
    /// One burst of refusals is one reason to slow down, however many parts it meets.
    private static let burst = Duration.seconds(1)

    private struct Pace {
        var width: Int
        /// What was moved since the width was looked at last.
        var epoch: (start: ContinuousClock.Instant, bytes: Int64, parts: Int)
        /// The narrower width that this one is compared with, and its bytes a second.
        var before: (width: Int, speed: Double)?
        /// How many looks are left until a wider one is tried.
        var rest = 0
        var narrowed: ContinuousClock.Instant?
    }

    private let limits: TransferLimits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let pace: Mutex<Pace>
    private let turnstile = Turnstile(holdingBack: true)

    init(
        startingWith width: Int, limits: TransferLimits,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.limits = limits
        self.now = now
        pace = Mutex(Pace(width: max(1, width), epoch: (now(), 0, 0)))
    }

    /// How many may be under way now.
    var width: Int { min(pace.withLock { $0.width }, limits.partsAtOnce) }

    /// True where parts wait that could go if there were room.
    var isCrowded: Bool { turnstile.isCrowded }

    /// Moves one part when its turn comes; `body` says besides how many bytes went over the network.
    func run<Value: Sendable>(
        _ action: String, as turn: PartTurn? = nil, _ body: () async throws(StorageError) -> (Value, moved: Int64)
    ) async throws(StorageError) -> Value {
        try await turnstile.run(action, as: turn, atMost: { [self] in width }) { (_) async throws(StorageError) in
            let (value, moved) = try await body()
            if moved > 0 { note(moved) }
            return value
        }
    }

    /// Lets those go whose turn it has become.
    func look() { turnstile.look(atMost: { [self] in width }) }

    /// A server said "later", or nothing at all.
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
        let isFull = turnstile.isCrowded
        pace.withLock { pace in
            pace.epoch.bytes += bytes
            pace.epoch.parts += 1
            widen(&pace, at: now, isFull: isFull)
        }
    }

    /// Looks once for each width's worth of parts whether the last step made it faster, and takes back one that did
    /// not; only a full window tells.
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
        // At the ceiling there is nothing to compare until that is raised.
        guard pace.rest <= 0, wider > width else { return }
        pace.before = (width, speed)
        pace.width = wider
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
