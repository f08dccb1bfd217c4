import POSIX
import SystemPackage
import Wording

/// Stops the sandbox.
extension SandboxCloud {
    /// Ends every server and container of this sandbox, whichever of them still run, and removes its folder.
    ///
    /// Returns false where there was no sandbox.
    package func down() async throws -> Bool {
        try await exclusively { () in
            guard FileSystem.exists(folder.path) else { return await endStrays() > 0 }
            // An unreadable state must not keep a process alive: endStrays finds processes by the marker in their
            // environment.
            let recorded = (try? state())?.servers ?? [:]
            // End the API first, since it would record the end of its containers as their own failure.
            if let api = recorded[.api]?.process { await end([api], grace: 5) }
            var problem = await endContainers()
            await end(recorded.values.map(\.process), grace: 10)
            _ = await endStrays()
            problem = await endContainers() ?? problem
            // The folder is kept on failure, because only its content identifies the containers that still run.
            if let problem { throw problem }
            do throws(POSIXError) { try FileSystem.removeTree(folder.path) } catch {
                throw Failure("remove the sandbox's folder", error)
            }
            return true
        }
    }

    /// Ends every container; returns the error, nil where none is left.
    private func endContainers() async -> (any Error)? {
        guard !((try? FileSystem.names(in: folder.runc)) ?? []).isEmpty else { return nil }
        do {
            let runc = Runc(program: try search.runc(), root: folder.runc)
            let containers = runc.containers()
            for container in containers { await runc.signal(container, "TERM") }
            // The process that runs a container deletes it as soon as it exits.
            for _ in 0..<50 where !runc.containers().isEmpty { try? await Task.sleep(for: .milliseconds(100)) }
            for container in runc.containers() { try await runc.delete(container) }
            return nil
        } catch { return error }
    }

    /// Ends all processes that carry this sandbox's marker, and returns their number.
    private func endStrays() async -> Int {
        let strays = ProcessIdentity.all(environment: SandboxFolder.marker, beginning: folder.anyMark)
        await end(strays, grace: 5)
        return strays.count
    }

    /// Sends SIGTERM to processes, and SIGKILL to those that still run after `grace` seconds.
    func end(_ processes: [ProcessIdentity], grace: Int) async {
        for process in processes { process.signal(15) }
        for _ in 0..<(grace * 20) where processes.contains(where: \.isAlive) {
            try? await Task.sleep(for: .milliseconds(50))
        }
        for process in processes where process.isAlive { process.signal(9) }
        for _ in 0..<100 where processes.contains(where: \.isAlive) {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}
