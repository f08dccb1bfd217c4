import POSIX
import Subprocess
package import SystemPackage
import Wording

/// A program on this machine that does a part of the work.
package struct ExternalProgram: Sendable {
    /// The limit for output that is kept in memory, in bytes.
    private static let longestOutput = 1 << 20

    /// A name in PATH, or a path.
    let name: String
    /// The reason in the error where the program is missing.
    let absence: String
    /// The environment variables that the program inherits; nil for all of them.
    package var inherited: Set<String>?
    /// The working folder; nil for that of this process.
    package var folder: FilePath?

    /// Creates a program; `advice` says how to get it where it is not installed.
    package init(name: String, advice: String, inherited: Set<String>? = nil) {
        self.init(name: name, absence: "it is not installed; \(advice)", inherited: inherited)
    }

    /// Creates a program; `absence` is the reason of the error where there is no such program.
    package init(name: String, absence: String, inherited: Set<String>? = nil) {
        self.name = name
        self.absence = absence
        self.inherited = inherited
    }

    /// Runs the program to its end, and returns its output without the last newline.
    @discardableResult
    package func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        let output = try await run(arguments, environment, .string(limit: Self.longestOutput)) { _ in }
        return output.hasSuffix("\n") ? String(output.dropLast()) : output
    }

    /// Runs the program to its end, writes its output to a file, and calls `told` with each line of standard error.
    package func run(
        _ arguments: [String], environment: [String: String], outputTo file: FilePath, told: (String) -> Void
    ) async throws {
        let target: FileDescriptor
        do {
            target = try FileDescriptor.open(
                file, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
        } catch { throw Failure("write \(file)", "\(error)") }
        try await run(arguments, environment, .fileDescriptor(target, closeAfterSpawningProcess: true), told: told)
    }

    /// Runs the program to its end, whatever its exit status, and returns what it printed.
    ///
    /// `input` becomes its standard input and stays open; without it that is empty.
    package func outcome(_ arguments: [String], input: FileDescriptor? = nil) async throws -> ProgramOutcome {
        try await naming {
            guard let input else { return try await outcome(arguments, .none) }
            return try await outcome(arguments, .fileDescriptor(input, closeAfterSpawningProcess: false))
        }
    }

    private func outcome(_ arguments: [String], _ input: some InputProtocol) async throws -> ProgramOutcome {
        let record = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: variables([:]), workingDirectory: folder,
            input: input, output: .string(limit: Self.longestOutput), error: .string(limit: Self.longestOutput))
        return ProgramOutcome(
            succeeded: record.terminationStatus == .exited(0), end: "\(record.terminationStatus)",
            output: record.standardOutput, errors: record.standardError)
    }

    private func run<Output: OutputProtocol>(
        _ arguments: [String], _ environment: [String: String], _ output: Output, told: (String) -> Void
    ) async throws -> Output.OutputType {
        var complaint = Complaint()
        return try await naming {
            let record = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: variables(environment),
                workingDirectory: folder, input: .none, output: output, error: .sequence
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
        }
    }

    private var executable: Executable { name.contains("/") ? .path(FilePath(name)) : .name(name) }

    private func variables(_ added: [String: String]) -> Environment {
        var variables = ProcessEnvironment.all()
        if let inherited { variables = variables.filter { inherited.contains($0.key) } }
        variables.merge(added) { $1 }
        return .custom(
            Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }

    /// Names the program in the error of a run that could not begin or be followed.
    private func naming<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as Failure {
            throw error
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw Failure("run \(name)", absence, cause: error)
        } catch { throw Failure("run \(name)", error) }
    }
}

/// How a program ended, and what it printed.
package struct ProgramOutcome: Sendable {
    /// True for exit status 0.
    package let succeeded: Bool
    /// The end in words, such as `exited(1)`.
    package let end: String
    package let output: String
    package let errors: String
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
