import JSON
import RunContract

/// The machines of a run, and which of them may still write and cost money.
extension Deployer {
    /// Returns the record updated with the provider's list.
    ///
    /// Adds ids of deployments whose answer was lost, and machines that were requested from another computer.
    package func reconciled(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        try await reconciled(record, listed: try await target.machines())
    }

    func reconciled(
        _ record: RunRecord, listed: [MachineStatus]
    ) async throws(DeploymentError) -> RunRecord {
        var news: [(MachineStatus, AdoptedRequest?)] = []
        for machine in record.own(in: listed) where record.lacks(machine) {
            news.append((machine, try await target.request(of: machine.handle, for: record.run)))
        }
        guard !news.isEmpty else { return record }
        return try ledger.update(record) { record in
            for (machine, request) in news {
                record.take(machine, request, on: target)
                record.request = record.request ?? request?.kept
            }
        }
    }

    /// Throws while the target has a machine of the run that is not over; the error names the command that ends it.
    ///
    /// A machine counts as gone only after several lookups: the provider's list may lag behind a request.
    package func requireNoMachine(of record: RunRecord, to action: String) async throws(DeploymentError) -> RunRecord {
        var record = try await reconciled(record)
        for machine in record.billing(at: target.name) {
            try target.check(machine, of: record.run)
            let (found, status) = try await look(at: machine, of: record)
            if let status, !status.isOver {
                throw DeploymentError(
                    .refused, action,
                    "its machine \(machine.name) is not over, \(target.title) says '\(status.word)', and may still write; "
                        + "caasctl destroy \(record.run) --force ends it")
            }
            record = found
            guard status == nil else { continue }
            report("\(target.title) knows nothing of the machine \(machine.name) any more")
            record = try forget(machine, of: record)
        }
        return record
    }

    /// Looks for a machine by its id, or by its name where the answer was lost, several times until it is found.
    func look(
        at machine: MachineRecord, of record: RunRecord
    ) async throws(DeploymentError) -> (RunRecord, MachineStatus?) {
        var record = record
        for attempt in 0..<patience.absences {
            if attempt > 0 { try await pause(patience.absence) }
            record = try await reconciled(record)
            let current = record.machines.first { $0.name == machine.name && $0.mayBill } ?? machine
            guard let id = current.deployment ?? machine.deployment else { continue }
            if let status = try await target.look(at: id) { return (record, status) }
        }
        return (record, nil)
    }

    /// Records that the provider does not have the machine after several lookups.
    func forget(_ machine: MachineRecord, of record: RunRecord) throws(DeploymentError) -> RunRecord {
        var machine = machine
        machine.state = machine.deployment == nil ? .absent : .destroyed
        return try ledger.note(machine, of: record)
    }

    /// Returns the run's request from the ledger, else from what the provider still reports of its machines.
    package func request(of record: RunRecord) async throws(DeploymentError) -> KeptRequest? {
        if let request = record.request { return request }
        for machine in record.machines.reversed() {
            guard let id = machine.deployment, let request = try await target.request(of: id, for: record.run)?.kept
            else { continue }
            try ledger.update(record) { $0.request = $0.request ?? request }
            return request
        }
        return nil
    }

    /// Returns a name for one more machine of the run, which no deployment has or had.
    package func nextName(of record: RunRecord, to action: String) async throws(DeploymentError) -> MachineName {
        let first = record.nextNumber(listed: try await target.machines())
        for number in first..<first + 20 {
            let name = MachineName(run: record.run, number: number)
            if try await target.isFree(name: name.description) { return name }
        }
        throw DeploymentError(
            .refused, action, "\(target.title) has deployments of the names up to \(record.run)-\(first + 19)")
    }
}
