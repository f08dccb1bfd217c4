import HTTP
import JSON
import RunContract
import Secrets
import Timestamps

/// Starts runs, follows them until they are reachable, and ends them.
public struct Deployer: Sendable {
    /// How long is waited for what the provider does in its own time.
    public struct Patience: Sendable {
        /// Seconds between two looks at a deployment.
        public var interval: Double
        /// Looks for a deployment whose answer was lost, each after a longer wait.
        public var searches: Int
        /// Seconds until a container must be reachable.
        public var start: Double
        /// Seconds until a destroyed deployment must be gone.
        public var end: Double

        /// The limits for a provider on the internet, or for one on this machine.
        public init(isLocal: Bool) {
            interval = isLocal ? 0.5 : 10
            searches = 5
            // The time that others give io.net to pull an image and to answer.
            start = 1200
            end = 600
        }
    }

    let ionet: IonetClient
    let ledger: RunLedger
    let patience: Patience
    let report: @Sendable (String) -> Void

    /// A deployer that says what happens to `report`.
    public init(
        _ ionet: IonetClient, ledger: RunLedger, patience: Patience? = nil,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.ionet = ionet
        self.ledger = ledger
        self.patience = patience ?? Patience(isLocal: ionet.isLocal)
        self.report = report
    }

    /// Refuses what costs more than the budget.
    public static func check(_ plan: DeploymentPlan, budgetUSD: Double?) throws(DeploymentError) {
        guard let budgetUSD, plan.offer.priceUSD > budgetUSD else { return }
        throw DeploymentError(
            .tooExpensive, "deploy \(plan.run)",
            "\(plan.request.gpus) \(plan.offer.hardware) for \(plan.request.hours) h cost "
                + "\(Self.dollars(plan.offer.priceUSD)), and budget_usd is \(Self.dollars(budgetUSD))")
    }

    /// US dollars with cents.
    public static func dollars(_ amount: Double) -> String {
        let cents = (amount * 100).rounded(.up)
        guard cents < 1e15 else { return "\(amount) USD" }
        let whole = Int(cents) / 100
        let rest = Int(cents) % 100
        return "\(whole).\(rest < 10 ? "0" : "")\(rest) USD"
    }

    /// Asks the provider for a run, once, after the intent is on the disk.
    public func start(_ plan: DeploymentPlan) async throws(DeploymentError) -> RunRecord {
        let action = "deploy \(plan.run)"
        guard try await ionet.isFree(name: plan.run.description) else {
            throw DeploymentError(.refused, action, "io.net has a deployment of this name already")
        }
        var record = plan.record(at: .now(), api: ionet.base.with(target: "/").description)
        try ledger.write(record)
        var doubt = "the answer had no id"
        do throws(DeploymentError) { record.deployment = try await ionet.deploy(plan.request) } catch {
            // A server may repeat what it was sent.
            let secrets = plan.request.secrets.values + [plan.request.registrySecret].compactMap(\.self)
            let reason = Scrubber(secrets).scrubbed(error.reason)
            guard [.lostAnswer, .unexpectedAnswer, .cancelled].contains(error.code) else {
                record.state = .refused
                try ledger.write(record)
                throw DeploymentError(error.code, action, reason)
            }
            doubt = reason
        }
        if record.deployment == nil {
            report("\(doubt); looking for \(plan.run) among the deployments")
            record.deployment = await search(for: plan.run)
        }
        guard record.deployment != nil else {
            throw DeploymentError(
                .lostAnswer, action,
                "\(doubt); io.net lists no deployment of this name yet, and it is not asked again: "
                    + "caasctl status \(plan.run) looks once more")
        }
        record.state = .deployed
        try ledger.write(record)
        return record
    }

    /// Looks for a deployment by the run's id, which is its name, several times: the list may lag behind.
    private func search(for run: RunID) async -> JSONValue? {
        for attempt in 0..<max(1, patience.searches) {
            if let found = try? await find(run) { return found.id }
            do { try await pause(patience.interval * Double(attempt + 1) / 2) } catch { return nil }
        }
        return nil
    }

    /// The deployment of a run whose answer was lost.
    func find(_ run: RunID) async throws(DeploymentError) -> IonetDeployment? {
        try await ionet.deployments().first { $0.name == run.description }
    }

    func pause(_ seconds: Double) async throws(DeploymentError) {
        do { try await Task.sleep(for: .seconds(seconds)) } catch {
            throw DeploymentError(.cancelled, "wait", "cancelled")
        }
    }
}
