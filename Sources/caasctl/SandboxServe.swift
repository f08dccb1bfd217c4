import ArgumentParser
import POSIX
import Sandbox
import SystemPackage

/// `caasctl sandbox serve`: what `up` runs as the API.
struct SandboxServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the sandbox's API.", shouldDisplay: false)

    @Option(help: "The sandbox's folder.")
    var folder: String

    @Option(help: "The port; 0 takes a free one.")
    var port = 0

    func run() async throws {
        try await APIService(folder: FilePath(folder)).run(port: port) { line in
            StandardError.print(line)
        }
    }
}
