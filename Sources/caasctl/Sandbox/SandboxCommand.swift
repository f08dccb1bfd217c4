import ArgumentParser
import POSIX
import Sandbox
import SystemPackage

/// `caasctl sandbox`: a local cloud for tests.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Run a local cloud: a registry, an S3 server and an API like io.net's.",
        discussion: "All servers listen on loopback. To use them in this shell: eval \"$(caasctl sandbox env)\"",
        subcommands: [
            SandboxUp.self, SandboxDown.self, SandboxStatus.self, SandboxEnvironment.self, SandboxServe.self,
        ])

    /// Returns the sandbox of this user.
    static func cloud() throws -> SandboxCloud {
        // A relative name or a link may resolve to another file by the time the API is restarted.
        let program = try FileSystem.readLink("/proc/self/exe")
        return try SandboxCloud(home: HomeFolder.open(), program: program)
    }
}
