import POSIX
import Subprocess
import SystemPackage
import Wording

/// A program on this machine that does a part of a build.
package struct ExternalProgram {
    /// The limit for output that is kept in memory, in bytes.
    private static let longestOutput = 1 << 20

    /// A name in PATH, or a path.
    let name: String
    /// The advice in the error message if the program is missing.
    let advice: String
    /// The environment variables that the program inherits; nil for all of them.
    var inherited: Set<String>?
    /// The working folder; nil for that of this process.
    var folder: FilePath?

    package init(name: String, advice: String, inherited: Set<String>? = nil) {
        self.name = name
        self.advice = advice
        self.inherited = inherited
    }

    /// Runs the program to its end, and returns its output without the last newline.
    @discardableResult
    package func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        let output = try await run(arguments, environment, .string(limit: Self.longestOutput)) { _ in }
        return output.hasSuffix("\n") ? String(output.dropLast()) : output
    }

    /// Runs the program to its end, writes its output to a file, and calls `told` with each line of standard error.
    func run(
        _ arguments: [String], environment: [String: String], outputTo file: FilePath, told: (String) -> Void
    ) async throws {
        let target: FileDescriptor
        do {
            target = try FileDescriptor.open(
                file, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
        } catch { throw Failure("write \(file)", "\(error)") }
        try await run(
            arguments, environment, .fileDescriptor(target, closeAfterSpawningProcess: true), told: told)
    }

    /// Reports every five seconds that the program is still running, until the task is cancelled.
    static func tick(_ step: String, _ report: @Sendable (BuildEvent) -> Void) async {
        var seconds = 0
        while (try? await Task.sleep(for: .seconds(5))) != nil {
            seconds += 5
            report(.waiting(step: step, seconds: seconds))
        }
    }

    private func run<Output: OutputProtocol>(
        _ arguments: [String], _ environment: [String: String], _ output: Output, told: (String) -> Void
    ) async throws -> Output.OutputType {
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
                throw Failure(
                    "run \(name) \(arguments.joined(separator: " "))",
                    complaint.text ?? "it ended with \(record.terminationStatus)")
            }
            return record.standardOutput
        } catch let error as Failure {
            throw error
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw Failure("run \(name)", "it is not installed; \(advice)")
        } catch { throw Failure("run \(name)", "\(error)") }
    }

    /// The reason for a program's failure: the first line that names an error, else the last line.
    ///
    /// Later errors often follow from the first one.
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
