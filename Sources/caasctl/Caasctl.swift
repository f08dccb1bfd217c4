import ArgumentParser
import POSIX

/// The caasctl program; each subcommand has its own file.
@main struct Caasctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caasctl",
        abstract: "Build images without Docker, push them, and run training at GPU clouds.",
        version: Version.current,
        subcommands: [EntrypointCommand.self, StepWorkerCommand.self, SchemaCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Images",
                subcommands: [
                    Build.self, Push.self, ImageCommand.self, RegistryCommand.self, Login.self, Logout.self,
                ]),
            CommandGroup(
                name: "Runs",
                subcommands: [
                    Deploy.self, Resume.self, Serve.self, Runs.self, Status.self, Logs.self, Fetch.self, Destroy.self,
                ]),
            CommandGroup(name: "Places", subcommands: [StorageCommand.self, SandboxCommand.self]),
            CommandGroup(name: "About caasctl", subcommands: [VersionCommand.self]),
        ])

    static func main() async {
        ProcessMemory.returnLargeBuffers()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch { end(with: error) }
    }

    /// Prints the error by this project's own output functions and exits, else as the parser's `exit(withError:)` does.
    private static func end(with error: any Error) -> Never {
        let (message, code) = (fullMessage(for: error), exitCode(for: error))
        if code.isSuccess, !message.isEmpty { StandardOutput.print(message) }
        if !code.isSuccess, !message.isEmpty {
            // A line break inside a name must not start a new line; usage text comes from the parser and stays
            // unchanged.
            let isUsage = code == .validationFailure
            StandardError.print(isUsage ? message : indented(message))
        }
        exit(withError: code)
    }

    /// Indents every line but the first, also where a carriage return precedes the line feed.
    private static func indented(_ message: String) -> String {
        var lines = message.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        for index in lines.indices.dropFirst() where !lines[index].hasPrefix(" ") { lines[index] = "  " + lines[index] }
        return lines.joined(separator: "\n")
    }
}
