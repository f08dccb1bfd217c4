import ArgumentParser
import POSIX
import Sandbox
import SystemPackage

/// `caasctl sandbox serve`: an internal command, which `up` starts as the API server.
struct SandboxServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the sandbox's API.", shouldDisplay: false)

    @Option(help: "The sandbox's folder.")
    var folder: String

    @Option(help: "The port; 0 selects a free one.")
    var port = 0

    func run() async throws {
        try await APIService(folder: FilePath(folder)).run(port: port) { line in
            StandardError.print(line)
        }
    }
}
