import RunContract
import Timestamps

/// Until when a run may go on, and what it may cost.
struct SpendingLimits: Sendable, Hashable {
    /// Training ends earlier by this share of the time that is left at the start, so that the rest can be uploaded.
    private static let reserveShare = 0.1
    private static let longestReserve = Duration.seconds(600)

    let deadline: Timestamp?
    let maxCostUSD: Double?
    let priceUSDPerHour: Double?

    /// Reads the variables; throws where one is invalid, since a limit that nobody holds is worse than none.
    init(_ environment: InheritedEnvironment) throws(SupervisionError) {
        let name = EnvironmentName.self
        let text = environment.value(name.deadline)
        deadline = text.flatMap { Timestamp(rfc3339: $0) }
        if let text, deadline == nil {
            throw SupervisionError(
                .configuration, "use \(name.deadline)=\(text)", "it is no time as in 2026-12-24T18:00:00Z")
        }
        maxCostUSD = try Self.amount(name.maxCostUSD, environment)
        priceUSDPerHour = try Self.amount(name.priceUSDPerHour, environment)
        guard maxCostUSD == nil || priceUSDPerHour != nil else {
            throw SupervisionError(
                .configuration, "hold \(name.maxCostUSD)", "\(name.priceUSDPerHour) does not say what an hour costs")
        }
    }

    private static func amount(
        _ name: String, _ environment: InheritedEnvironment
    ) throws(SupervisionError) -> Double? {
        guard let text = environment.value(name) else { return nil }
        guard let amount = Double(text), amount.isFinite, amount > 0 else {
            throw SupervisionError(.configuration, "use \(name)=\(text)", "it is no positive number of dollars")
        }
        return amount
    }

    /// The limits in words, nil for none.
    var text: String? {
        let parts = [
            deadline.map { "ends at \($0.rfc3339)" }, maxCostUSD.map { "may cost \(Self.dollars($0))" },
        ].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// Returns the cost of a time in dollars, nil where no price is known.
    func cost(of time: Duration) -> Double? { priceUSDPerHour.map { $0 * time.seconds / 3600 } }

    /// Returns how long a container may go on, and why no longer; nil without a limit.
    ///
    /// `spent` is what earlier attempts cost.
    func rest(from now: Timestamp, spent: Double) -> (time: Duration, reason: String)? {
        var rests: [(time: Duration, reason: String)] = []
        if let deadline {
            rests.append((.seconds(deadline.seconds - now.seconds), "the deadline \(deadline.rfc3339) has come"))
        }
        if let maxCostUSD, let priceUSDPerHour {
            let hours = (maxCostUSD - spent) / priceUSDPerHour
            rests.append(
                (
                    .seconds(min(hours, 1_000_000) * 3600),
                    "it may not cost more than \(Self.dollars(maxCostUSD)), at \(Self.dollars(priceUSDPerHour)) an hour"
                ))
        }
        return rests.min { $0.time < $1.time }
    }

    /// Returns the time at the end of `rest` that is for uploads.
    static func reserve(of rest: Duration) -> Duration { min(longestReserve, rest * reserveShare) }

    private static func dollars(_ amount: Double) -> String { "\(amount.rounded(2)) USD" }
}
