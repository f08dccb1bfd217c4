import POSIX
import SystemPackage

/// Compiles modules to bytecode that names the time and size of its source.
///
/// Python compares both with the source that it finds, so that a module of a later layer, or of the container, is what runs.
///
/// Source: <https://peps.python.org/pep-0552/>.
enum Bytecode {
    private static let inherited: Set<String> = ["PATH", "HOME", "TMPDIR"]

    /// The interpreter of this machine that makes an image's bytecode, with its exact version; nil where none fits.
    static func compiler(for version: String) async -> (program: ExternalProgram, version: String)? {
        guard var host = await PipEnvironment.host(for: version),
            host.version == version || host.version.hasPrefix("\(version).")
        else { return nil }
        host.program.inherited = inherited
        return host
    }

    /// Compiles everything below a folder as if it lay at `into`, for files that get the time `modified`.
    static func compile(
        _ folder: FilePath, as into: String, by compiler: ExternalProgram, threads: Int, modified: Int64
    ) async throws(ImageBuildError) {
        // Sets of constants are written in the order of their hashes, which are random unless said.
        let environment = ["PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"]
        let arguments = [
            "-S", "-s", "-m", "compileall", "-q", "-q", "-f", "-j", "\(threads)", "--invalidation-mode", "timestamp",
            "-s",
            folder.string, "-p", into, folder.string,
        ]
        // Python finds modules in the folder that it runs in before its own.
        var compiler = compiler
        let nowhere = folder.removingLastComponent().appending("nowhere")
        try posix { () throws(POSIXError) in try FileSystem.makeFolder(nowhere) }
        compiler.folder = nowhere
        do throws(ImageBuildError) { try await compiler.run(arguments, environment: environment) } catch {
            // Packages come with files for other versions and with broken examples, which stay as they are.
            guard error.reason.contains("exited") else { throw error }
        }
        try await BlockingThread.run { () throws(ImageBuildError) in
            try BytecodeTimes.settleTree(folder) { _ in modified }
        }
    }
}
