import JSON
import RunContract
import Wording

extension Deployer {
    /// Waits until the newest machine's container is reachable or over, and reports each change of its state.
    package func follow(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        let action = "start \(record.run)"
        guard var machine = record.newest, let id = machine.deployment else {
            throw DeploymentError(.notFound, action, "\(target.title) lists no deployment of this name")
        }
        var told: Set<String> = []
        func tell(_ text: String) { if told.insert(text).inserted { report(VisibleText.line(text)) } }
        let looks = Int(patience.start / patience.interval)
        var silences = 0
        for _ in 0..<looks {
            let status: MachineStatus?
            do throws(DeploymentError) { status = try await target.look(at: id) } catch {
                // The run continues while the provider's API is unreachable for a while.
                silences += 1
                guard error.code == .unreachable, silences < 5 else { throw error }
                report(error.description)
                try await pause(patience.interval)
                continue
            }
            silences = 0
            if let status { tell("deployment: \(status.word)") }
            for container in status?.containers ?? [] {
                for event in container.events { tell("container: \(event)") }
                tell("container: \(container.word)")
            }
            if let url = status?.address {
                machine.publicURL = url
                return try ledger.note(machine, of: record)
            }
            if status?.phase == .ended { return record }
            guard let status, status.phase != .failed, !status.isLeaving else {
                let last = status?.containers.flatMap(\.events).last.map { ": \($0)" } ?? ""
                throw DeploymentError(.refused, action, "its deployment is \(status?.word ?? "gone")\(last)")
            }
            try await pause(patience.interval)
        }
        throw DeploymentError(
            .refused, action,
            "it cannot be reached after \(Int(patience.start)) s; it is still there and paid for: "
                + "caasctl status \(record.run) looks again, caasctl destroy --force \(record.run) ends it")
    }

    /// Ends every machine of a run at this target that may still cost money, and waits until the target confirms each end.
    ///
    /// A failure to end one machine does not stop the others from being ended.
    package func destroy(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        var record = try await reconciled(record)
        var failures: [DeploymentError] = []
        for machine in record.billing(at: target.name).reversed() {
            do throws(DeploymentError) { record = try await destroy(machine, of: record) } catch {
                failures.append(error)
            }
        }
        try DeploymentError.raise(failures, "destroy \(record.run)")
        return record
    }

    private func destroy(
        _ machine: MachineRecord, of record: RunRecord
    ) async throws(DeploymentError) -> RunRecord {
        try target.check(machine, of: record.run)
        guard machine.deployment != nil else {
            let (found, status) = try await look(at: machine, of: record)
            guard status != nil, let known = found.machines.last(where: { $0.name == machine.name }) else {
                report("\(machine.name): \(target.title) lists no deployment of this name, so nothing was rented")
                return try forget(machine, of: found)
            }
            return try await end(known, of: found)
        }
        return try await end(machine, of: record)
    }

    private func end(_ machine: MachineRecord, of record: RunRecord) async throws(DeploymentError) -> RunRecord {
        let action = "destroy \(machine.name)"
        guard let id = machine.deployment else {
            throw DeploymentError(.notFound, action, "\(target.title) lists no deployment of this name")
        }
        try await askForEnd(of: id)
        var ended = machine
        ended.state = .destroyed
        var word = "running"
        var absences = 0
        for _ in 0..<Int(patience.end / patience.interval) {
            let status = try await target.look(at: id)
            absences = status == nil ? absences + 1 : 0
            if status?.isOver ?? (absences >= patience.absences), try await isUnlisted(id) {
                return try ledger.note(ended, of: record)
            }
            word = status?.word ?? word
            try await pause(status == nil ? patience.absence : patience.interval)
        }
        throw DeploymentError(
            .refused, action,
            "it was asked for, but \(target.title) still says '\(word)' after \(Int(patience.end)) s; "
                + "it may go on costing: type the same again")
    }

    private func askForEnd(of id: JSONValue) async throws(DeploymentError) {
        do throws(DeploymentError) { try await target.stop(id) } catch {
            // A second request is harmless; the decision is made by what the provider lists afterwards.
            if error.code == .lostAnswer { return try await target.stop(id) }
            // The API may refuse to end a deployment that has already ended by itself.
            guard error.code == .refused, try await target.look(at: id)?.isOver == true else { throw error }
        }
    }

    /// Returns whether the deployment is missing from the list of running deployments.
    private func isUnlisted(_ id: JSONValue) async throws(DeploymentError) -> Bool {
        try await target.machines().allSatisfy { $0.handle != id || $0.phase != .running }
    }
}
