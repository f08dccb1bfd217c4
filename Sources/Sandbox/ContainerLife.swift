import JSON
import OCI
import POSIX
import SystemPackage
import Timestamps
import Wording

/// The life of one container in the sandbox, with the events that the API reports of it.
struct ContainerLife: Sendable {
    let supervisor: ContainerSupervisor
    let table: DeploymentTable
    let deployment: String
    let container: String

    var place: ContainerFolder { supervisor.folder.container(deployment, container) }

    /// Changes the container's record; returns false where the record is gone, which ends the container's supervision.
    func note(_ change: @escaping @Sendable (inout ContainerRecord) -> Void) async throws -> Bool {
        try await table.update(deployment, container, change) != nil
    }

    /// Pulls and unpacks the image; stops as soon as the user destroys the deployment.
    func install(_ request: DeployRequest) async throws -> ImageConfig {
        let place = place
        do throws(POSIXError) {
            try FileSystem.makeFolder(place.bundle, mode: 0o700)
            try FileSystem.makeFolder(place.rootFileSystem)
        } catch { throw Failure("make the container's folder", error) }
        _ = try await note { $0.add(event: "pulling \(request.image)") }
        let installation = Task { [installer = supervisor.installer] in
            try await installer.install(request, into: place.rootFileSystem)
        }
        let watcher = Task { [table, deployment] in
            while !Task.isCancelled, await !table.isTerminating(deployment) {
                try await Task.sleep(for: .milliseconds(200))
            }
            installation.cancel()
        }
        defer { watcher.cancel() }
        let config = try await installation.value
        _ = try await note { $0.add(event: "pulled \(request.image)") }
        return config
    }

    /// Writes the configuration for runc, readable only by this user, since its environment contains the secrets.
    func configure(_ request: DeployRequest, _ record: DeploymentRecord, _ config: ImageConfig, port: Int) throws {
        let bundle = place.bundle
        let spec = try RuntimeSpec(
            config: config, request: request, port: port, hostname: container, bundle: bundle,
            identity: RuntimeIdentity.current, limits: supervisor.limits)
        do {
            try spec.writeFiles()
            try FileSystem.write(spec.json.encoded(), to: bundle.appending("config.json"), mode: 0o600)
        } catch { throw Failure("write the container's configuration", error) }
    }

    /// Waits until the container exits, the user destroys it, its health check fails, or its paid time is over.
    func watch(_ process: ProcessIdentity, port: Int, since start: Timestamp) async {
        var monitor = HealthMonitor(policy: supervisor.health, port: port, start: start)
        while process.isAlive {
            if await table.isTerminating(deployment) { return await stop(process, as: "destroyed", nil) }
            if let end = await paidUntil(), Timestamp.now() >= end {
                return await stop(process, as: "completed", "the reserved time is over")
            }
            switch await monitor.check() {
            case .waiting: break
            case .answered:
                let url = "http://127.0.0.1:\(port)"
                _ = try? await note { container in
                    container.publicURL = url
                    container.add(event: "answers on \(url)")
                }
            case .gaveUp(let reason): return await stop(process, as: "failed", reason)
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        await conclude()
    }

    /// Records the end of a container that exited, according to its exit status.
    private func conclude() async {
        let isOver = await table.isTerminating(deployment)
        switch place.exitStatus {
        case 0: await end(as: isOver ? "destroyed" : "completed", "exited with status 0")
        case .some(let status):
            let reason = runtimeProblem() ?? "exited with status \(status)\(killReason(status))"
            await end(as: isOver ? "destroyed" : "failed", reason)
        case nil: await end(as: isOver ? "destroyed" : "failed", "killed with the process that waited for it")
        }
    }

    /// Returns the reason for status 137: nothing in the sandbox sent SIGKILL, so it was the kernel's memory limit.
    private func killReason(_ status: Int) -> String {
        guard status == 137, ContainerLimits.canBeKept else { return "" }
        return ": killed, as for more than its \(supervisor.limits.memoryBytes >> 20) MiB of memory"
    }

    private func stop(_ process: ProcessIdentity, as status: String, _ reason: String?) async {
        if let reason { _ = try? await note { $0.add(event: reason) } }
        try? await supervisor.runner.stop(container, process, grace: await grace())
        let exit = place.exitStatus
        await end(as: status, exit.map { "stopped, status \($0)" } ?? "killed")
    }

    /// Records the final status once no process of the container runs, and then removes its files.
    ///
    /// An image of 40,000 files takes minutes to remove; the API must not report a running container for that time.
    func end(as status: String, _ reason: String?) async {
        var problem: String?
        do { try await supervisor.runner.remove(container) } catch { problem = "\(error)" }
        let last = problem
        _ = try? await note { container in
            if let reason { container.add(event: reason) }
            if let last { container.add(event: last) }
            container.status = status
            container.publicURL = nil
            container.runner = nil
            if let port = container.port { supervisor.ports.release(port) }
        }
        await removeFiles()
    }

    /// Removes the container's files but not its logs.
    func removeFiles() async {
        do {
            try await BlockingThread.run { [bundle = place.bundle] () in
                try FileSystem.removeTree(bundle)
            }
        } catch {
            let reason = "\(error)"
            _ = try? await note { $0.add(event: reason) }
        }
    }

    private func grace() async -> Int {
        let said = await table.record(deployment)?.environment["GRACE_SECONDS"].flatMap { Int($0) }
        return min(max(said ?? 30, 1), 3600)
    }

    private func paidUntil() async -> Timestamp? {
        guard let record = await table.record(deployment), let started = record.started else { return nil }
        let (seconds, overflow) = record.durationHours.multipliedReportingOverflow(by: 3600)
        return overflow || seconds > 1 << 40 ? nil : started + seconds
    }

    /// Returns runc's error message where runc could not run the container, else nil.
    private func runtimeProblem() -> String? {
        guard let content = try? FileSystem.read(place.runtimeLog) else { return nil }
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            guard let entry = try? JSONValue(parsing: String(line)), entry["level"]?.string == "error",
                let message = entry["msg"]?.string
            else { continue }
            return "cannot run the container: \(message)"
        }
        return nil
    }
}
