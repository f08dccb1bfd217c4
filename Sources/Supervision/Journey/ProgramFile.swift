import JSON
import POSIX
public import RunContract
import SystemPackage

/// The program that the image brings.
public enum ProgramFile {
    /// Reads the file that the first argument names, or CAAS_PROGRAM, or the image's own.
    public static func read(
        arguments: [String], environment: [String: String]
    ) -> Result<Program, SupervisionError> {
        let path = arguments.dropFirst().first ?? environment[StageEnvironment.programPath] ?? Program.path
        do {
            return .success(try Program(json: JSONValue(parsing: try FileSystem.read(FilePath(path)))))
        } catch let error as POSIXError {
            return .failure(SupervisionError(status: ExitCode.configuration.rawValue, "\(error)"))
        } catch { return .failure(SupervisionError(.configuration, "read \(path)", "\(error)")) }
    }
}
