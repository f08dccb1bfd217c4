import POSIX
import RunContract
import Synchronization
import Timestamps

/// Ends the container when the run's deadline has come or its money is spent, and counts what it costs.
///
/// It works from the first second on, before anything is downloaded, and needs neither the bucket nor a caasctl that
/// watches. The time is that of a clock that nobody can set; the deadline is compared with the clock of the machine once.
final class SpendingWatch: Sendable {
    private struct State {
        /// What earlier attempts cost in dollars.
        var spent = 0.0
        var reached: String?
    }

    private static let interval = Duration.seconds(1)

    private let limits: SpendingLimits
    private let started: ContinuousClock.Instant
    private let begin = Timestamp.now()
    private let state = Mutex(State())

    init(_ limits: SpendingLimits, started: ContinuousClock.Instant = .now) {
        self.limits = limits
        self.started = started
    }

    /// Why the run must not go on, nil while it may.
    var reached: String? { state.withLock { $0.reached } }

    /// What the run has cost so far in dollars, earlier attempts included; nil where no price is known.
    var costUSD: Double? {
        limits.cost(of: ContinuousClock.now - started).map { own in state.withLock { $0.spent } + own }
    }

    /// Notes what earlier attempts cost in dollars.
    func add(spent: Double) { state.withLock { $0.spent = max(0, spent) } }

    /// Throws where the run has no time or money left at all, before anything is begun.
    func check() throws(SupervisionError) {
        guard let rest = limits.rest(from: begin, spent: state.withLock { $0.spent }), rest.time <= .zero else {
            return
        }
        throw Self.failure(rest.reason)
    }

    static func failure(_ reason: String) -> SupervisionError {
        SupervisionError(.limit, "go on", "\(reason); start it again with a larger limit to resume")
    }

    /// Watches until it is cancelled, or the limit is near; then calls `end` once with the time that is left for uploads.
    func run(_ runState: RunState, log: RunLog, end: @Sendable (Duration) -> Void) async {
        runState.note { snapshot in
            snapshot.priceUSDPerHour = limits.priceUSDPerHour
            snapshot.limit = limits.text
        }
        while !Task.isCancelled {
            let cost = costUSD.map { $0.rounded(2) }
            if runState.status.costUSD != cost { runState.note { $0.status.costUSD = cost } }
            let spent = state.withLock { $0.spent }
            if let rest = limits.rest(from: begin, spent: spent) {
                let reserve = SpendingLimits.reserve(of: max(.zero, rest.time))
                let left = rest.time - (ContinuousClock.now - started)
                if left <= reserve {
                    state.withLock { $0.reached = rest.reason }
                    log.say(
                        "\(rest.reason): training ends, and \(Int(max(.zero, left).seconds)) s are left for uploads")
                    return end(max(.seconds(5), left))
                }
            }
            try? await Task.sleep(for: Self.interval)
        }
    }
}
