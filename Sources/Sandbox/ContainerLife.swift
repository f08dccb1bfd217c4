import JSON
import OCI
import POSIX
import SystemPackage
import Timestamps

/// One container's way through the sandbox, and how it is told.
struct ContainerLife: Sendable {
    let supervisor: ContainerSupervisor
    let table: DeploymentTable
    let deployment: String
    let container: String

    var place: ContainerFolder { supervisor.folder.container(deployment, container) }

    /// Changes the container's record; false where that failed, which ends the container.
    func note(_ change: @escaping @Sendable (inout ContainerRecord) -> Void) async throws(SandboxError) -> Bool {
        try await table.update(deployment, container, change) != nil
    }

    /// Pulls and unpacks the image; a user who wants the end need not wait for it.
    func install(_ request: DeployRequest) async throws -> ImageConfig {
        let place = place
        do throws(POSIXError) {
            try FileSystem.makeFolder(place.bundle, mode: 0o700)
            try FileSystem.makeFolder(place.rootFileSystem)
        } catch { throw SandboxError("make the container's folder", error) }
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

    /// Writes what runc runs; the environment with its secrets is in it, so that only this user can read it.
    func configure(
        _ request: DeployRequest, _ record: DeploymentRecord, _ config: ImageConfig, port: Int
    ) throws(SandboxError) {
        let bundle = place.bundle
        let spec = try RuntimeSpec(
            config: config, request: request, port: port, hostname: container, bundle: bundle,
            identity: RuntimeIdentity.current, limits: supervisor.limits)
        do throws(POSIXError) {
            try spec.writeFiles()
            try FileSystem.write(spec.json.encoded(), to: bundle.appending("config.json"), mode: 0o600)
        } catch { throw SandboxError("write the container's configuration", error) }
    }

    /// Waits for the end: by itself, by its user, by its health or by the paid time.
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

    /// The container has ended: its exit status says how.
    private func conclude() async {
        let isOver = await table.isTerminating(deployment)
        switch supervisor.runner.exitStatus(in: place) {
        case 0: await end(as: isOver ? "destroyed" : "completed", "exited with status 0")
        case .some(let status):
            let reason = runtimeProblem() ?? "exited with status \(status)\(killReason(status))"
            await end(as: isOver ? "destroyed" : "failed", reason)
        case nil: await end(as: isOver ? "destroyed" : "failed", "killed with the process that waited for it")
        }
    }

    /// Nobody here has killed it by then: it is the kernel that does, for memory.
    private func killReason(_ status: Int) -> String {
        guard status == 137, ContainerLimits.canBeKept else { return "" }
        return ": killed, as for more than its \(supervisor.limits.memoryBytes >> 20) MiB of memory"
    }

    private func stop(_ process: ProcessIdentity, as status: String, _ reason: String?) async {
        if let reason { _ = try? await note { $0.add(event: reason) } }
        try? await supervisor.runner.stop(container, process, grace: await grace())
        let exit = supervisor.runner.exitStatus(in: place)
        await end(as: status, exit.map { "stopped, status \($0)" } ?? "killed")
    }

    /// Says how it went once nothing of the container runs, and then removes what nobody needs any more.
    ///
    /// An image of 40,000 files takes minutes to remove, in which whoever asks must not hear of a living container.
    func end(as status: String, _ reason: String?) async {
        var problem: String?
        do throws(SandboxError) { try await supervisor.runner.remove(container) } catch { problem = error.description }
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

    /// Removes the container's files; its logs stay.
    func removeFiles() async {
        do throws(POSIXError) {
            try await BlockingThread.run { [bundle = place.bundle] () throws(POSIXError) in
                try FileSystem.removeTree(bundle)
            }
        } catch {
            let reason = error.description
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

    /// Why runc could not run the container, nil where it did.
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
