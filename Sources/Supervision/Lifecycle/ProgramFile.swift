import CLinux
import JSON
import POSIX
package import RunContract
import SystemPackage

/// The program file of the image.
package struct ProgramFile: Sendable {
    package let path: String
    /// A message for the log about ignored arguments, nil if there are none.
    package let notice: String?

    /// Selects the image's own file or, in tests, the one that the first argument names.
    ///
    /// A base image's CMD or a provider's default arrives as arguments, and must not decide what PID 1 runs. Arguments
    /// are therefore ignored in a container, and also if this process's executable is unknown.
    package init(arguments: [String], executable: String?, isFirst: Bool) {
        let extra = Array(arguments.dropFirst())
        let isOutside = !isFirst && executable.map { !$0.hasPrefix(ReservedPaths.Image.root + "/") } ?? false
        path = isOutside ? extra.first ?? Program.path : Program.path
        notice = isOutside || extra.isEmpty ? nil : "not obeying the arguments that this container was started with"
    }

    /// Selects the file for this process.
    package init(arguments: [String]) {
        let executable = try? FileSystem.readLink("/proc/self/exe").string
        self.init(arguments: arguments, executable: executable, isFirst: getpid() == 1)
    }

    /// Reads and parses the file.
    package func read() -> Result<Program, SupervisionError> {
        do {
            return .success(try Program(json: JSONValue(parsing: try FileSystem.read(FilePath(path)))))
        } catch let error as POSIXError {
            return .failure(SupervisionError(status: RunExit.configuration.rawValue, "\(error)"))
        } catch { return .failure(SupervisionError(.configuration, "read \(path)", "\(error)")) }
    }
}
