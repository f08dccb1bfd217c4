import POSIX
import SystemPackage

/// Taking the sandbox down.
extension LocalCloud {
    /// Ends every server and container of this sandbox, whoever died before, and removes its folder.
    ///
    /// Returns false where there was nothing.
    package func down() async throws(SandboxError) -> Bool {
        try await exclusively { () async throws(SandboxError) in
            guard FileSystem.exists(folder.path) else { return await endStrays() > 0 }
            // A state that cannot be read must not keep anything alive: the strays are found without it.
            let recorded = (try? state())?.servers ?? [:]
            // The API first, since it would take the end of its containers for their own.
            if let api = recorded[.api]?.process { await end([api], grace: 5) }
            var problem = await endContainers()
            await end(recorded.values.map(\.process), grace: 10)
            _ = await endStrays()
            problem = await endContainers() ?? problem
            // What is still running is found again only by what the folder says of it.
            if let problem { throw problem }
            do throws(POSIXError) { try FileSystem.removeTree(folder.path) } catch {
                throw SandboxError("remove the sandbox's folder", error)
            }
            return true
        }
    }

    /// What stands in the way of ending every container, nil where none is left.
    private func endContainers() async -> SandboxError? {
        guard !((try? FileSystem.names(in: folder.runc)) ?? []).isEmpty else { return nil }
        do throws(SandboxError) {
            let runc = Runc(program: try search.runc(), root: folder.runc)
            let containers = runc.containers()
            for container in containers { await runc.signal(container, "TERM") }
            // Whoever runs a container forgets it as soon as it ended.
            for _ in 0..<50 where !runc.containers().isEmpty { try? await Task.sleep(for: .milliseconds(100)) }
            for container in runc.containers() { try await runc.delete(container) }
            return nil
        } catch { return error }
    }

    /// Ends whatever carries this sandbox's mark.
    private func endStrays() async -> Int {
        let strays = ProcessIdentity.all(environment: SandboxFolder.marker, beginning: folder.anyMark)
        await end(strays, grace: 5)
        return strays.count
    }

    /// Asks processes to end, and kills those that do not within the grace seconds.
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
