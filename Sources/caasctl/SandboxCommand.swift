import ArgumentParser
import POSIX
import Sandbox
import SystemPackage

/// `caasctl sandbox`: a cloud on this machine.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "A cloud on this machine: a registry, an S3 server and an API like io.net's, all on loopback.",
        discussion: "Point this shell at it with: eval \"$(caasctl sandbox env)\"",
        subcommands: [
            SandboxUp.self, SandboxDown.self, SandboxStatus.self, SandboxEnvironment.self, SandboxServe.self,
        ])

    /// The sandbox of this user.
    static func cloud() throws -> LocalCloud {
        // The name by which this program was called may lead elsewhere by the time the API is restarted.
        let program = try FileSystem.readLink("/proc/self/exe")
        return try LocalCloud(home: HomeFolder.open(), program: program)
    }
}
