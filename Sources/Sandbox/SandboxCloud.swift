import Containers
import JSON
import POSIX
package import SystemPackage
import Wording

/// A local cloud: a registry, an S3 server and an API like io.net's, all on loopback.
package struct SandboxCloud: Sendable {
    let folder: SandboxFolder
    /// The path of this program, which is also started as the API server.
    let program: FilePath
    let search: ProgramSearch

    /// Creates the sandbox in `<home>/sandbox`.
    package init(home: FilePath, program: FilePath) throws {
        do throws(POSIXError) {
            try FileSystem.makeFolder(home, mode: 0o700)
            // The marker that identifies processes contains this path, so that it needs one canonical spelling.
            folder = SandboxFolder(path: try FileSystem.realPath(home).appending("sandbox"))
        } catch { throw Failure("use \(home)", error) }
        self.program = program
        search = ProgramSearch(program: program)
    }

    /// The folder of all the sandbox's data.
    package var path: FilePath { folder.path }

    /// Returns the sandbox's stored state, nil where it is not up.
    package func state() throws -> SandboxState? { try SandboxState(file: folder.state) }

    /// Runs `body` while no other process starts or stops this sandbox; waits up to two minutes for the lock.
    func exclusively<Value>(_ body: () async throws -> Value) async throws -> Value {
        let path = folder.path.removingLastComponent().appending("sandbox.lock")
        let lock: File
        do throws(POSIXError) { lock = try File(path, .update(mode: 0o600)) } catch {
            throw Failure("lock the sandbox", error)
        }
        try await wait(for: lock)
        let result = try await body()
        return result
    }

    private func wait(for lock: borrowing File) async throws {
        for _ in 0..<1200 {
            do throws(POSIXError) { if try lock.lock(wait: false) { return } } catch {
                throw Failure("lock the sandbox", error)
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        throw Failure("lock the sandbox", "another caasctl has been at it for two minutes")
    }
}
