import POSIX
import Subprocess
package import SystemPackage

/// A program that a test runs to its end.
package struct Command: Sendable {
    /// The exit status and the output.
    package struct Outcome: Sendable {
        /// The exit status; 128 plus the signal's number where a signal ended the program.
        package let status: Int
        /// Standard output.
        package let output: String
        /// Standard error.
        package let errors: String
    }

    /// A command that was expected to succeed and failed.
    package struct Failure: Error, CustomStringConvertible {
        /// The command and its output.
        package let description: String
    }

    /// The program, by path or by its name in PATH.
    package var program: String
    package var arguments: [String]
    /// Variables that differ from the test's own environment; nil removes a variable.
    package var environment: [String: String?]
    /// The working directory; nil for the test's own.
    package var folder: FilePath?

    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], in folder: FilePath? = nil
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
    }

    /// Runs the command and returns any exit status; more than 16 MiB of output is an error.
    package func run(input: String = "") async throws -> Outcome {
        let record = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: Self.changed(by: environment),
            workingDirectory: folder, input: .string(input), output: .string(limit: 16 << 20),
            error: .string(limit: 16 << 20))
        let status: Int
        switch record.terminationStatus {
        case .exited(let code): status = Int(code)
        case .signaled(let signal): status = 128 + Int(signal)
        }
        return Outcome(status: status, output: record.standardOutput, errors: record.standardError)
    }

    /// Runs the command, expects status 0, and returns standard output without the last newline.
    @discardableResult
    package func succeed(input: String = "") async throws -> String {
        let outcome = try await run(input: input)
        guard outcome.status == 0 else {
            throw Failure(
                description:
                    "\(program) \(arguments) ended with \(outcome.status):\n\(outcome.output)\n\(outcome.errors)")
        }
        return outcome.output.hasSuffix("\n") ? String(outcome.output.dropLast()) : outcome.output
    }

    private var executable: Executable {
        program.contains("/") ? .path(FilePath(program)) : .name(program)
    }

    private static func changed(by changes: [String: String?]) -> Environment {
        var variables = ProcessEnvironment.all()
        for (name, value) in changes { variables[name] = value }
        return .custom(
            Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }
}
