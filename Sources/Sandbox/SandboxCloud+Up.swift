import HTTP
import POSIX
import SystemPackage
import Wording

/// Starts the sandbox.
extension SandboxCloud {
    /// The result of ``up(health:limits:report:)``.
    package struct Startup: Sendable {
        /// The state after the start.
        package let state: SandboxState
        package let started: [ServerName]
    }

    /// Starts the servers that do not run; restarts a dead server with its data and, where possible, on its port.
    ///
    /// - Parameter report: Receives a line for every 30 seconds in which a server does not listen yet.
    package func up(
        health: HealthPolicy = HealthPolicy(), limits: ContainerLimits = .ofThisMachine,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Startup {
        try await exclusively { () in
            let programs = try await findPrograms()
            try makeFolders()
            var state = try self.state() ?? SandboxState(health: health, limits: limits)
            try state.write(to: folder.state)
            var started: [ServerName] = []
            for name in ServerName.allCases {
                if let record = state.servers[name], record.process.isAlive, !record.address.isEmpty { continue }
                await endStrays(of: name)
                try await start(name, programs, &state, report)
                started.append(name)
            }
            return Startup(state: state, started: started)
        }
    }

    private struct Programs {
        let registry: FilePath
        let rclone: FilePath
    }

    private func findPrograms() async throws -> Programs {
        _ = try search.runc()
        return Programs(registry: try search.registry(), rclone: try await search.rclone())
    }

    private func makeFolders() throws {
        do throws(POSIXError) {
            for path in [
                folder.path, folder.logs, folder.deployments, folder.registryData, folder.buckets, folder.runc,
            ] {
                try FileSystem.makeFolder(path, mode: 0o700)
            }
            try FileSystem.setMode(folder.path, 0o700)
        } catch { throw Failure("make the sandbox's folder", error) }
    }

    /// Ends processes of an earlier `up` that was killed before it recorded them.
    private func endStrays(of name: ServerName) async {
        await end(ProcessIdentity.all(environment: SandboxFolder.marker, beginning: folder.mark(name)), grace: 5)
    }

    private func start(
        _ name: ServerName, _ programs: Programs, _ state: inout SandboxState, _ report: (String) -> Void
    ) async throws {
        // A run that started earlier still uses the old port.
        if let port = state.servers[name]?.port {
            do { return try await start(name, programs, port: port, &state, report) } catch {
                await endStrays(of: name)
            }
        }
        try await start(name, programs, port: 0, &state, report)
    }

    private func start(
        _ name: ServerName, _ programs: Programs, port: Int, _ state: inout SandboxState, _ report: (String) -> Void
    ) async throws {
        let server =
            switch name {
            case .registry:
                try ServerProcess.registry(programs.registry, folder: folder, state: state, port: port)
            case .storage:
                try ServerProcess.storage(programs.rclone, folder: folder, state: state, port: port)
            case .api:
                ServerProcess.api(program, folder: folder, port: port)
            }
        // If this process is killed before the next write, the record must not contain an unconfirmed address.
        let known = port == 0 ? "" : state.servers[name]?.address ?? ""
        var changed = state
        let record = try await server.start(report: report) { (process) in
            changed.servers[name] = ServerRecord(process: process, address: known)
            try changed.write(to: folder.state)
        }
        try await waitForAnswer(name, at: record.address)
        state.servers[name] = record
        try state.write(to: folder.state)
    }

    private func waitForAnswer(_ name: ServerName, at address: String) async throws {
        let path =
            switch name {
            case .registry: "/v2/"
            case .storage: "/"
            case .api: "/v1/io-cloud/caas/hardware"
            }
        do throws(HTTPError) {
            var request = HTTPRequest("GET", try HTTPURL("http://\(address)\(path)"))
            request.followsRedirects = false
            request.stallSeconds = 10
            let policy = RetryPolicy(attempts: 8, firstBound: 0.1, lastBound: 1)
            // Any response shows that the server works: the S3 server refuses unsigned requests.
            _ = try await HTTPClient().send(request, retrying: policy)
        } catch { throw Failure("reach the sandbox's \(name.rawValue)", error) }
    }
}
