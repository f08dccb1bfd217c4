import CLinux
import JSON
import POSIX
package import RunContract
import SystemPackage

/// The program that the image brings.
package struct ProgramFile: Sendable {
    /// Where it is.
    package let path: String
    /// What was said that is not obeyed, for the log.
    package let notice: String?

    /// The image's own, or, for tests, the one that the first argument names.
    ///
    /// A base's CMD, or a provider's default, comes as arguments: what PID 1 runs is not theirs to say. So none counts in a
    /// container, nor where it cannot be told what file this process runs from.
    package init(arguments: [String], executable: String?, isFirst: Bool) {
        let extra = Array(arguments.dropFirst())
        let isOutside = !isFirst && executable.map { !$0.hasPrefix("/.caas/") } ?? false
        path = isOutside ? extra.first ?? Program.path : Program.path
        notice = isOutside || extra.isEmpty ? nil : "not obeying the arguments that this container was started with"
    }

    /// The one that this process is to run.
    package init(arguments: [String]) {
        let executable = try? FileSystem.readLink("/proc/self/exe").string
        self.init(arguments: arguments, executable: executable, isFirst: getpid() == 1)
    }

    /// Reads it.
    package func read() -> Result<Program, SupervisionError> {
        do {
            return .success(try Program(json: JSONValue(parsing: try FileSystem.read(FilePath(path)))))
        } catch let error as POSIXError {
            return .failure(SupervisionError(status: ExitCode.configuration.rawValue, "\(error)"))
        } catch { return .failure(SupervisionError(.configuration, "read \(path)", "\(error)")) }
    }
}
