import POSIX
import SystemPackage
import Wording
import Processes

/// Runs a container under runc so that it outlives the API process and its exit status is never lost.
struct ContainerRunner: Sendable {
    let runc: Runc
    let folder: SandboxFolder

    /// Runs a bundle; its output goes to two logs, and its exit status to a file.
    ///
    /// A shell waits for runc instead of the API, which may be killed and restarted in the meantime.
    func start(_ container: String, in place: ContainerFolder) throws -> ProcessIdentity {
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
        } catch { throw Failure("start container \(container)", error) }
    }

    /// Returns the processes that run a container, also where its start was not recorded.
    func processes(of container: String) -> [ProcessIdentity] {
        ProcessIdentity.all(environment: SandboxFolder.marker, beginning: folder.mark(container: container))
    }

    /// Sends SIGTERM to a container, kills it after `grace` seconds, and deletes it.
    func stop(_ container: String, _ runner: ProcessIdentity?, grace: Int) async throws {
        await runc.signal(container, "TERM")
        for _ in 0..<(grace * 10) where runner?.isAlive ?? false { try? await Task.sleep(for: .milliseconds(100)) }
        try await remove(container)
    }

    /// Kills the remains of a container and the processes that wait for it.
    func remove(_ container: String) async throws {
        try await runc.delete(container)
        let processes = processes(of: container)
        // These processes exit by themselves once the container is gone.
        for _ in 0..<30 where processes.contains(where: \.isAlive) { try? await Task.sleep(for: .milliseconds(100)) }
        for process in processes where process.isAlive { process.signal(9) }
        try await runc.delete(container)
    }
}
