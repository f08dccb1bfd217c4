import POSIX
import Processes
import SystemPackage
import Wording

/// Runs runc for the containers of one sandbox.
struct Runc: Sendable {
    let program: FilePath
    /// The folder in which runc keeps the state of its containers.
    let root: FilePath

    /// Returns the ids of runc's containers, running or not.
    func containers() -> [String] { ((try? FileSystem.names(in: root)) ?? []).map(\.string) }

    /// Sends a signal to a container's first process; does nothing where the container is gone.
    func signal(_ container: String, _ signal: String) async { _ = await run(["kill", container, signal]) }

    /// Kills and deletes a container.
    func delete(_ container: String) async throws {
        var reason = ""
        // For a moment, a container that is being created cannot be deleted.
        for _ in 0..<50 {
            guard FileSystem.exists(root.appending(container)) else { return }
            reason = await run(["delete", "--force", container])
            guard FileSystem.exists(root.appending(container)) else { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
        throw Failure("delete container \(container)", reason)
    }

    /// Runs a command of runc; returns the last line of its error output, or an empty text on success.
    private func run(_ arguments: [String]) async -> String {
        do {
            let runc = ExternalProgram(name: program.string, absence: "it is gone")
            let outcome = try await runc.outcome(["--root", root.string] + arguments)
            if outcome.succeeded { return "" }
            return outcome.errors.split(separator: "\n").last.map(String.init) ?? "runc failed"
        } catch { return String(describing: error) }
    }
}
