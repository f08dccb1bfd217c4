import POSIX
import SystemPackage
import Wording
import Processes

/// Compiles modules to bytecode that contains the time and size of the source.
///
/// Python compares both with the source that it finds, so a module that a later layer or the container replaces runs
/// from its new source.
///
/// Source: <https://peps.python.org/pep-0552/>.
enum Bytecode {
    private static let inherited: Set<String> = ["PATH", "HOME", "TMPDIR"]

    /// Returns an interpreter on this machine with the image's version, and its exact version, or nil.
    static func compiler(for version: String) async -> (program: ExternalProgram, version: String)? {
        guard var host = await PipEnvironment.host(for: version),
            host.version == version || host.version.hasPrefix("\(version).")
        else { return nil }
        host.program.inherited = inherited
        return host
    }

    /// Compiles everything below a folder for the path `into`; the files have the time `modified` in the image.
    static func compile(
        _ folder: FilePath, as into: String, by compiler: ExternalProgram, threads: Int, modified: Int64
    ) async throws {
        // The order of set constants depends on hashes, which are random unless PYTHONHASHSEED is set.
        let environment = ["PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"]
        let arguments = [
            "-S", "-s", "-m", "compileall", "-q", "-q", "-f", "-j", "\(threads)", "--invalidation-mode", "timestamp",
            "-s",
            folder.string, "-p", into, folder.string,
        ]
        // Python searches the working folder for modules before its own folders, so the working folder must be empty.
        var compiler = compiler
        let nowhere = folder.removingLastComponent().appending("nowhere")
        try FileSystem.makeFolder(nowhere)
        compiler.folder = nowhere
        do { try await compiler.run(arguments, environment: environment) } catch {
            // Packages contain files for other versions and broken examples, which stay without bytecode.
            guard Failure.reason(of: error).contains("exited") else { throw error }
        }
        try await BlockingThread.run { try BytecodeTimes.settleTree(folder) { _ in modified } }
    }
}
