import POSIX
import Subprocess
import SystemPackage

/// A program of the user's machine that does a part of a build.
struct ExternalProgram {
    /// Output that is kept in memory is short.
    private static let longestOutput = 1 << 20

    /// By name in PATH, or by path.
    let name: String
    /// What to do where it is missing.
    let advice: String
    /// The variables of ours that it sees; nil for all of them.
    var inherited: Set<String>?
    /// Where it runs; nil for where we do.
    var folder: FilePath?

    /// Runs it to its end and gives back what it printed, without the last newline.
    @discardableResult
    func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws(ImageBuildError) -> String {
        let output = try await run(arguments, environment, .string(limit: Self.longestOutput)) { _ in }
        return output.hasSuffix("\n") ? String(output.dropLast()) : output
    }

    /// Runs it to its end; what it prints goes to a file, and each line of what it says beside goes to `told`.
    func run(
        _ arguments: [String], environment: [String: String], outputTo file: FilePath, told: (String) -> Void
    ) async throws(ImageBuildError) {
        let target: FileDescriptor
        do {
            target = try FileDescriptor.open(
                file, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
        } catch { throw ImageBuildError("write \(file)", "\(error)") }
        try await run(
            arguments, environment, .fileDescriptor(target, closeAfterSpawningProcess: true), told: told)
    }

    /// Tells every few seconds that the work goes on, until it is cancelled.
    static func tick(_ step: String, _ report: @Sendable (BuildEvent) -> Void) async {
        var seconds = 0
        while (try? await Task.sleep(for: .seconds(5))) != nil {
            seconds += 5
            report(.waiting(step: step, seconds: seconds))
        }
    }

    private func run<Output: OutputProtocol>(
        _ arguments: [String], _ environment: [String: String], _ output: Output, told: (String) -> Void
    ) async throws(ImageBuildError) -> Output.OutputType {
        var variables = ProcessEnvironment.all()
        if let inherited { variables = variables.filter { inherited.contains($0.key) } }
        for (name, value) in environment { variables[name] = value }
        let settings = Environment.custom(
            Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
        var complaint = Complaint()
        do {
            let record = try await Subprocess.run(
                name.contains("/") ? .path(FilePath(name)) : .name(name), arguments: Arguments(arguments),
                environment: settings, workingDirectory: folder, input: .none, output: output, error: .sequence
            ) { execution in
                for try await line in execution.standardError.strings() {
                    complaint.add(line)
                    told(line)
                }
            }
            guard record.terminationStatus == .exited(0) else {
                throw ImageBuildError(
                    "run \(name) \(arguments.joined(separator: " "))",
                    complaint.text ?? "it ended with \(record.terminationStatus)")
            }
            return record.standardOutput
        } catch let error as ImageBuildError {
            throw error
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw ImageBuildError("run \(name)", "it is not installed; \(advice)")
        } catch { throw ImageBuildError("run \(name)", "\(error)") }
    }

    /// What a program says of its failure: the first line that names an error, which others follow from, else the last.
    private struct Complaint {
        private var named: String?
        private var last: String?

        var text: String? { named ?? last }

        mutating func add(_ line: String) {
            guard line.contains(where: { !$0.isWhitespace }) else { return }
            last = line
            let isNamed = ["E: ", "fatal: ", "error: "].contains { line.hasPrefix($0) }
            if named == nil && isNamed { named = line }
        }
    }
}
