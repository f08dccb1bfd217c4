import JSON
import RunContract
import TerminalText

extension Deployer {
    /// Waits until the newest machine's container is reachable or over, and reports each change of its state.
    package func follow(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        let action = "start \(record.run)"
        guard var machine = record.newest, let id = machine.deployment else {
            throw DeploymentError(.notFound, action, "io.net lists no deployment of this name")
        }
        var told: Set<String> = []
        func tell(_ text: String) { if told.insert(text).inserted { report(VisibleText.line(text)) } }
        let looks = Int(patience.start / patience.interval)
        var silences = 0
        for _ in 0..<looks {
            let deployment: IonetDeployment?
            let containers: [IonetContainer]
            do throws(DeploymentError) {
                deployment = try await ionet.deployment(id)
                containers = try await ionet.containers(of: id)
            } catch {
                // The run continues while the provider's API is unreachable for a while.
                silences += 1
                guard error.code == .unreachable, silences < 5 else { throw error }
                report(error.description)
                try await pause(patience.interval)
                continue
            }
            silences = 0
            if let deployment { tell("deployment: \(deployment.status)") }
            for container in containers {
                for event in container.events { tell("container: \(event.message)") }
                tell("container: \(container.status)")
            }
            if let url = containers.first(where: \.isReady)?.publicURL {
                machine.publicURL = url
                return try ledger.note(machine, of: record)
            }
            if let status = deployment?.status, status.isCompleted { return record }
            guard let deployment, !deployment.status.isFailed, !deployment.status.isGone else {
                let last = containers.flatMap(\.events).last.map { ": \($0.message)" } ?? ""
                throw DeploymentError(
                    .refused, action, "its deployment is \(deployment?.status.description ?? "gone")\(last)")
            }
            try await pause(patience.interval)
        }
        throw DeploymentError(
            .refused, action,
            "it cannot be reached after \(Int(patience.start)) s; it is still there and paid for: "
                + "caasctl status \(record.run) looks again, caasctl destroy --force \(record.run) ends it")
    }

    /// Ends every machine of a run that may still cost money, and waits until the provider confirms each end.
    ///
    /// A failure to end one machine does not stop the others from being ended.
    package func destroy(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        var record = try await reconciled(record)
        var failures: [DeploymentError] = []
        for machine in record.billing.reversed() {
            do throws(DeploymentError) { record = try await destroy(machine, of: record) } catch {
                failures.append(error)
            }
        }
        guard let first = failures.first else { return record }
        guard failures.count > 1 else { throw first }
        throw DeploymentError(
            first.code, "destroy \(record.run)", failures.map(\.description).joined(separator: "; "))
    }

    private func destroy(
        _ machine: MachineRecord, of record: RunRecord
    ) async throws(DeploymentError) -> RunRecord {
        try ionet.check(machine, of: record.run)
        guard machine.deployment != nil else {
            let (found, deployment) = try await look(at: machine, of: record)
            guard deployment != nil, let known = found.machines.last(where: { $0.name == machine.name }) else {
                report("\(machine.name): io.net lists no deployment of this name, so nothing was rented")
                return try forget(machine, of: found)
            }
            return try await end(known, of: found)
        }
        return try await end(machine, of: record)
    }

    private func end(_ machine: MachineRecord, of record: RunRecord) async throws(DeploymentError) -> RunRecord {
        let action = "destroy \(machine.name)"
        guard let id = machine.deployment else {
            throw DeploymentError(.notFound, action, "io.net lists no deployment of this name")
        }
        try await askForEnd(of: id)
        var ended = machine
        ended.state = .destroyed
        var status = "running"
        var absences = 0
        for _ in 0..<Int(patience.end / patience.interval) {
            let deployment = try await ionet.deployment(id)
            absences = deployment == nil ? absences + 1 : 0
            if deployment?.status.isOver ?? (absences >= patience.absences), try await isUnlisted(id) {
                return try ledger.note(ended, of: record)
            }
            status = deployment?.status.description ?? status
            try await pause(deployment == nil ? patience.absence : patience.interval)
        }
        throw DeploymentError(
            .refused, action,
            "it was asked for, but io.net still says '\(status)' after \(Int(patience.end)) s; "
                + "it may go on costing: type the same again")
    }

    private func askForEnd(of id: JSONValue) async throws(DeploymentError) {
        do throws(DeploymentError) { try await ionet.destroy(id) } catch {
            // A second request is harmless; the decision is made by what the provider lists afterwards.
            if error.code == .lostAnswer { return try await ionet.destroy(id) }
            // The API may refuse to end a deployment that has already ended by itself.
            guard error.code == .refused, try await ionet.deployment(id)?.status.isOver == true else { throw error }
        }
    }

    /// Returns whether the deployment is missing from the list of running deployments.
    private func isUnlisted(_ id: JSONValue) async throws(DeploymentError) -> Bool {
        try await ionet.deployments(status: "running").allSatisfy { $0.id != id || !$0.status.isRunning }
    }
}
