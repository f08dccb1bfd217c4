import POSIX
import Subprocess
import SystemPackage

/// The container runtime, with the containers of one sandbox.
struct Runc: Sendable {
    let program: FilePath
    /// Where it keeps what it knows of its containers.
    let root: FilePath

    /// The containers that it knows, running or not.
    func containers() -> [String] { ((try? FileSystem.names(in: root)) ?? []).map(\.string) }

    /// Sends a signal to a container's first process; nothing happens where the container is gone.
    func signal(_ container: String, _ signal: String) async { _ = await run(["kill", container, signal]) }

    /// Kills what is left of a container and forgets it.
    func delete(_ container: String) async throws(SandboxError) {
        var reason = ""
        // A container that is just being made cannot be deleted for a moment.
        for _ in 0..<50 {
            guard FileSystem.exists(root.appending(container)) else { return }
            reason = await run(["delete", "--force", container])
            guard FileSystem.exists(root.appending(container)) else { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
        throw SandboxError("delete container \(container)", reason)
    }

    /// Runs a command of runc's; what it complained about, empty where it was content.
    private func run(_ arguments: [String]) async -> String {
        do {
            let result = try await Subprocess.run(
                .path(program), arguments: Arguments(["--root", root.string] + arguments), output: .discarded,
                error: .string(limit: 64 << 10))
            if case .exited(0) = result.terminationStatus { return "" }
            return result.standardError.split(separator: "\n").last.map(String.init) ?? "runc failed"
        } catch { return String(describing: error) }
    }
}
