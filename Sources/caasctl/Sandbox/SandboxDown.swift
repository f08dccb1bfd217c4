import ArgumentParser
import POSIX
import Sandbox

/// `caasctl sandbox down`: ends the sandbox and removes its data.
struct SandboxDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop all servers and containers, and remove images, buckets and logs.")

    func run() async throws {
        let wasUp = try await SandboxCommand.cloud().down()
        StandardError.print(wasUp ? "the sandbox is down" : "the sandbox is not up")
    }
}
