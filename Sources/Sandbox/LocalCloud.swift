import Containers
import JSON
import POSIX
package import SystemPackage

/// A cloud on this machine: a registry, an S3 server and an API like io.net's, all on loopback.
package struct LocalCloud: Sendable {
    let folder: SandboxFolder
    /// This program, which is run again as the API.
    let program: FilePath
    let search: ProgramSearch

    /// The sandbox that lives in `<home>/sandbox`.
    package init(home: FilePath, program: FilePath) throws(SandboxError) {
        do throws(POSIXError) {
            try FileSystem.makeFolder(home, mode: 0o700)
            // Processes are found again by this path, so that it must have one spelling.
            folder = SandboxFolder(path: try FileSystem.realPath(home).appending("sandbox"))
        } catch { throw SandboxError("use \(home)", error) }
        self.program = program
        search = ProgramSearch(program: program)
    }

    /// The folder of everything that the sandbox keeps.
    package var path: FilePath { folder.path }

    /// What the sandbox remembers, nil where it is not up.
    package func state() throws(SandboxError) -> SandboxState? { try SandboxState(file: folder.state) }

    /// Runs `body` while no other process brings this sandbox up or down.
    func exclusively<Value>(
        _ body: () async throws(SandboxError) -> Value
    ) async throws(SandboxError) -> Value {
        let path = folder.path.removingLastComponent().appending("sandbox.lock")
        let lock: File
        do throws(POSIXError) { lock = try File(path, .update(mode: 0o600)) } catch {
            throw SandboxError("lock the sandbox", error)
        }
        try await wait(for: lock)
        let result = try await body()
        return result
    }

    private func wait(for lock: borrowing File) async throws(SandboxError) {
        for _ in 0..<1200 {
            do throws(POSIXError) { if try lock.lock(wait: false) { return } } catch {
                throw SandboxError("lock the sandbox", error)
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        throw SandboxError("lock the sandbox", "another caasctl has been at it for two minutes")
    }
}
