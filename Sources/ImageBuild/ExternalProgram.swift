import POSIX
import Subprocess
import SystemPackage

/// A program of the user's machine that does a part of a build.
struct ExternalProgram {
    /// By name in PATH, or by path.
    let name: String
    /// What to do where it is missing.
    let advice: String

    /// Runs it to its end; what it prints goes to a file, or is given back where it is short.
    ///
    /// Of its standard error only the line that names the error is told.
    @discardableResult
    func run(
        _ arguments: [String], environment: [String: String] = [:], outputTo file: FilePath? = nil
    ) async throws(ImageBuildError) -> String {
        var variables = ProcessEnvironment.all()
        for (name, value) in environment { variables[name] = value }
        let settings = Environment.custom(
            Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
        let executable: Executable = name.contains("/") ? .path(FilePath(name)) : .name(name)
        let status: TerminationStatus
        let output: String
        let errors: String
        do {
            if let file {
                let target = try FileDescriptor.open(
                    file, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
                let record = try await Subprocess.run(
                    executable, arguments: Arguments(arguments), environment: settings,
                    output: .fileDescriptor(target, closeAfterSpawningProcess: true),
                    error: .string(limit: Self.longestOutput))
                (status, output, errors) = (record.terminationStatus, "", record.standardError)
            } else {
                let record = try await Subprocess.run(
                    executable, arguments: Arguments(arguments), environment: settings,
                    output: .string(limit: Self.longestOutput), error: .string(limit: Self.longestOutput))
                (status, output, errors) = (record.terminationStatus, record.standardOutput, record.standardError)
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw ImageBuildError("run \(name)", "it is not installed; \(advice)")
        } catch { throw ImageBuildError("run \(name)", "\(error)") }
        guard status == .exited(0) else {
            throw ImageBuildError("run \(name) \(arguments.joined(separator: " "))", Self.reason(errors, status))
        }
        return output
    }

    private static let longestOutput = 4 << 20

    /// The first line that names an error, which the others follow from, else the last one.
    private static func reason(_ errors: String, _ status: TerminationStatus) -> String {
        let lines = errors.split(whereSeparator: \.isNewline).map(String.init)
        let named = lines.first { line in ["E: ", "fatal: ", "error: "].contains { line.hasPrefix($0) } }
        return named ?? lines.last ?? "it ended with \(status)"
    }
}
