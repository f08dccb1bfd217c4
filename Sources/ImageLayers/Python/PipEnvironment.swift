import POSIX
import SystemPackage
import Wording
import Processes

/// A virtual environment with pip that caasctl makes once for itself.
///
/// The distribution's pip may refuse to install anything, and the user's own pip may be configured differently.
enum PipEnvironment {
    /// Returns this machine's interpreter, preferably of the image's version, or nil.
    ///
    /// pip evaluates the conditions of packages for the Python that it runs in.
    static func host(for version: String) async -> (program: ExternalProgram, version: String)? {
        for name in ["python\(version)", "python3"] {
            let program = ExternalProgram(
                name: name, advice: "apt-get install python3-venv, or uv from https://docs.astral.sh/uv/",
                inherited: ProgramEnvironment.python)
            let script = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
            if let found = try? await program.run(["-I", "-c", script]) { return (program, found) }
        }
        return nil
    }

    static func interpreter(for target: PythonTarget, in cache: FilePath) async throws -> FilePath {
        guard let host = await host(for: target.version) else {
            throw Failure(
                "install Python packages",
                "neither uv nor python3 is installed; apt-get install python3-venv, or uv from https://docs.astral.sh/uv/"
            )
        }
        let folder = cache.appending("python")
        let environment = folder.appending("venv-\(host.version)")
        let interpreter = environment.appending("bin/python")
        let pip = ExternalProgram(name: interpreter.string, advice: "", inherited: ProgramEnvironment.python)
        if (try? await pip.run(["-I", "-m", "pip", "--version"])) != nil { return interpreter }
        try FileSystem.makeFolder(folder)
        let made = FileSystem.temporaryPath(beside: environment)
        do { try await host.program.run(["-I", "-m", "venv", made.string]) } catch {
            try? FileSystem.removeTree(made)
            throw Failure(
                "make a virtual environment for pip",
                "\(Failure.reason(of: error)); apt-get install python3-venv may help")
        }
        // Another build may have made the environment first, and it is just as good.
        do throws(POSIXError) { try FileSystem.rename(made, to: environment) } catch {
            try? FileSystem.removeTree(made)
            if (try? await pip.run(["-I", "-m", "pip", "--version"])) == nil { throw error }
        }
        return interpreter
    }
}
