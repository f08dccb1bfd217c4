import POSIX
import SystemPackage

/// One container under runc: started so that it outlives the API, and so that its end is never missed.
struct ContainerRunner: Sendable {
    let runc: Runc
    let folder: SandboxFolder

    /// Runs a bundle; what it prints goes to its two logs, and its exit status to a file when it ends.
    ///
    /// A shell waits for runc rather than the API, which may be killed and started again in the meantime.
    func start(_ container: String, in place: ContainerFolder) throws(SandboxError) -> ProcessIdentity {
        let script =
            #""$1" --root "$2" --log "$3" --log-format json run --bundle "$4" "$5"; echo $? >"$6.new"; mv "$6.new" "$6""#
        let arguments = [
            "-c", script, "sh", runc.program.string, runc.root.string, place.runtimeLog.string, place.bundle.string,
            container, place.exit.string,
        ]
        var environment = [SandboxFolder.marker: folder.mark(container: container)]
        for kept in ["PATH", "HOME", "XDG_RUNTIME_DIR"] { environment[kept] = ProcessEnvironment.value(kept) }
        do throws(POSIXError) {
            return try DetachedProcess.start(
                "/bin/sh", arguments, environment: environment, output: place.log("stdout"),
                errors: place.log("stderr"))
        } catch { throw SandboxError("start container \(container)", error) }
    }

    /// What runs a container that was started, also where nobody could write it down.
    func processes(of container: String) -> [ProcessIdentity] {
        ProcessIdentity.all(environment: SandboxFolder.marker, beginning: folder.mark(container: container))
    }

    /// The exit status of a container that has ended, nil where it was not written.
    func exitStatus(in place: ContainerFolder) -> Int? {
        guard let content = try? FileSystem.read(place.exit) else { return nil }
        return Int(String(decoding: content, as: UTF8.self).filter(\.isNumber))
    }

    /// Asks a container to end, kills it after its grace seconds, and forgets it.
    func stop(_ container: String, _ runner: ProcessIdentity?, grace: Int) async throws(SandboxError) {
        await runc.signal(container, "TERM")
        for _ in 0..<(grace * 10) where runner?.isAlive ?? false { try? await Task.sleep(for: .milliseconds(100)) }
        try await remove(container)
    }

    /// Kills what is left of a container, with those who wait for it.
    func remove(_ container: String) async throws(SandboxError) {
        try await runc.delete(container)
        let processes = processes(of: container)
        // They end by themselves now that there is nothing to wait for.
        for _ in 0..<30 where processes.contains(where: \.isAlive) { try? await Task.sleep(for: .milliseconds(100)) }
        for process in processes where process.isAlive { process.signal(9) }
        try await runc.delete(container)
    }
}
