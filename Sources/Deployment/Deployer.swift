import HTTP
import JSON
import RunContract
import Secrets
import Timestamps

/// Starts runs, waits until they are reachable, and ends them.
package struct Deployer: Sendable {
    /// How long the deployer waits for the provider.
    package struct Patience: Sendable {
        /// Seconds between two requests for a deployment's state.
        package var interval: Double
        /// The number of lookups for a deployment whose answer was lost, each after a longer wait.
        package var searches: Int
        /// Seconds between two lookups for a machine that the provider does not list.
        package var absence: Double
        /// The number of lookups without a result after which a machine counts as gone.
        package var absences: Int
        /// Seconds within which a container must become reachable.
        package var start: Double
        /// Seconds within which a destroyed deployment must be gone.
        package var end: Double

        /// The limits for a remote provider, or for a sandbox on this machine.
        package init(isLocal: Bool) {
            interval = isLocal ? 0.5 : 10
            searches = 5
            // The provider may list a new deployment late: three lookups that span a minute.
            absence = isLocal ? 0.5 : 30
            absences = 3
            // Other clients give io.net this time to pull an image and to answer.
            start = 1200
            end = 600
        }
    }

    let target: any Target
    let ledger: RunLedger
    let patience: Patience
    let report: @Sendable (String) -> Void

    /// Creates a deployer that passes its progress messages to `report`.
    package init(
        _ target: any Target, ledger: RunLedger, patience: Patience? = nil,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.target = target
        self.ledger = ledger
        self.patience = patience ?? Patience(isLocal: target.isLocal)
        self.report = report
    }

    /// Throws where the price and the cost of the run's earlier machines exceed the budget.
    package static func check(
        _ plan: DeploymentPlan, budgetUSD: Double?, paidUSD: Double = 0
    ) throws(DeploymentError) {
        guard let budgetUSD, plan.offer.priceUSD + paidUSD > budgetUSD else { return }
        let earlier = paidUSD > 0 ? ", the run's earlier machines cost \(Self.dollars(paidUSD))" : ""
        throw DeploymentError(
            .tooExpensive, plan.action,
            "\(plan.offer.gpus) \(plan.offer.hardware)\(plan.offer.hours.map { " for \($0) h" } ?? "") cost "
                + "\(Self.dollars(plan.offer.priceUSD))\(earlier), and budget_usd is \(Self.dollars(budgetUSD))")
    }

    /// Returns an amount in US dollars, rounded up to cents.
    package static func dollars(_ amount: Double) -> String {
        let cents = (amount * 100).rounded(.up)
        guard cents < 1e15 else { return "\(amount) USD" }
        let whole = Int(cents) / 100
        let rest = Int(cents) % 100
        return "\(whole).\(rest < 10 ? "0" : "")\(rest) USD"
    }

    /// Requests a machine for a run exactly once, after the intent is written to disk.
    package func start(_ plan: DeploymentPlan) async throws(DeploymentError) -> RunRecord {
        let name = plan.launch.name
        guard try await target.isFree(name: name) else {
            throw DeploymentError(.refused, plan.action, "\(target.title) has a deployment of the name \(name) already")
        }
        let moment = Timestamp.now()
        var machine = plan.machine(at: moment, on: target)
        var record = RunRecord(run: plan.run, created: moment.rfc3339, bucket: plan.bucket)
        record = try ledger.update(record) { record in
            record.request = plan.kept
            record.machines.append(machine)
        }
        var doubt = "the answer had no id"
        do throws(DeploymentError) { machine.deployment = try await target.start(plan.launch, on: plan.offer) } catch {
            // A server may repeat the request, and so its secrets, in its error.
            let reason = Scrubber(plan.launch.allSecrets).scrubbed(error.reason)
            guard [.lostAnswer, .unexpectedAnswer, .cancelled].contains(error.code) else {
                machine.state = .refused
                _ = try ledger.note(machine, of: record)
                throw DeploymentError(error.code, plan.action, reason)
            }
            doubt = reason
        }
        if machine.deployment == nil {
            report("\(doubt); looking for \(name) among the deployments")
            machine.deployment = await search(for: name)
        }
        guard machine.deployment != nil else {
            throw DeploymentError(
                .lostAnswer, plan.action,
                "\(doubt); \(target.title) lists no deployment of this name yet, and it is not asked again: "
                    + "caasctl status \(plan.run) looks once more")
        }
        machine.state = .deployed
        return try ledger.note(machine, of: record)
    }

    /// Looks for a deployment by its name several times, since the list may lag behind.
    private func search(for name: String) async -> JSONValue? {
        for attempt in 0..<max(1, patience.searches) {
            if let found = try? await target.machines().first(where: { $0.name == name }) { return found.handle }
            do { try await pause(patience.interval * Double(attempt + 1) / 2) } catch { return nil }
        }
        return nil
    }

    func pause(_ seconds: Double) async throws(DeploymentError) {
        do { try await Task.sleep(for: .seconds(seconds)) } catch {
            throw DeploymentError(.cancelled, "wait", "cancelled")
        }
    }
}
