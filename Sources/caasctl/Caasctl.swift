import ArgumentParser
import POSIX

/// The program on the user's machine; each verb is a file of its own.
@main struct Caasctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caasctl",
        abstract: "Build images without Docker, push them, and run training at GPU clouds.",
        version: Version.current,
        subcommands: [
            Build.self, Push.self, Copy.self, Tags.self, Delete.self, Images.self, Inspect.self, ListFiles.self,
            Diff.self, Verify.self, RemoveImage.self,
            Prune.self, Login.self, Logout.self, Deploy.self, Resume.self, Serve.self, Runs.self,
            Status.self, Logs.self, Fetch.self, Destroy.self, StorageCommand.self, SandboxCommand.self,
            VersionCommand.self, EntrypointCommand.self, RunWorkerCommand.self,
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

    /// As the parser's own `exit(withError:)` does, but through the one way that words go out.
    private static func end(with error: any Error) -> Never {
        let (message, code) = (fullMessage(for: error), exitCode(for: error))
        if code.isSuccess, !message.isEmpty { StandardOutput.print(message) }
        if !code.isSuccess, !message.isEmpty {
            // A name with an end of line in it does not begin a line of its own; usage is the parser's and stays.
            let isUsage = code == .validationFailure
            StandardError.print(isUsage ? message : indented(message))
        }
        exit(withError: code)
    }

    /// Every line but the first begins with a space; a carriage return before its end changes nothing about that.
    private static func indented(_ message: String) -> String {
        var lines = message.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        for index in lines.indices.dropFirst() where !lines[index].hasPrefix(" ") { lines[index] = "  " + lines[index] }
        return lines.joined(separator: "\n")
    }
}
