import JSON
import RunContract
import TerminalText

extension Deployer {
    /// The record with the provider's id, looked for by name where the answer was lost.
    public func reconciled(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        guard record.deployment == nil, record.state == .intent, let found = try await find(record.run) else {
            return record
        }
        var record = record
        record.deployment = found.id
        record.state = .deployed
        try ledger.write(record)
        return record
    }

    /// Waits until the container can be reached or is over, and tells what happens to it meanwhile.
    public func follow(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        var record = record
        let action = "start \(record.run)"
        guard let id = record.deployment else {
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
                // The run goes on while its provider's API is away for a while.
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
                record.publicURL = url
                try ledger.write(record)
                return record
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

    /// Ends a run's deployment and waits until the provider says that it is gone.
    public func destroy(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        var record = try await reconciled(record)
        let action = "destroy \(record.run)"
        guard let id = record.deployment else {
            throw DeploymentError(.notFound, action, "io.net lists no deployment of this name")
        }
        do throws(DeploymentError) { try await ionet.destroy(id) } catch {
            // Asking a second time does no harm, and what counts is what is listed afterwards.
            guard error.code == .lostAnswer else { throw error }
            try await ionet.destroy(id)
        }
        var status = "running"
        for _ in 0..<Int(patience.end / patience.interval) {
            let deployment = try await ionet.deployment(id)
            if deployment?.status.isOver ?? true, try await isUnlisted(id) {
                record.state = .destroyed
                try ledger.write(record)
                return record
            }
            status = deployment?.status.description ?? status
            try await pause(patience.interval)
        }
        throw DeploymentError(
            .refused, action,
            "it was asked for, but io.net still says '\(status)' after \(Int(patience.end)) s; "
                + "it may go on costing: type the same again")
    }

    /// True where the deployment is not among those that run.
    private func isUnlisted(_ id: JSONValue) async throws(DeploymentError) -> Bool {
        try await ionet.deployments(status: "running").allSatisfy { $0.id != id || !$0.status.isRunning }
    }
}
