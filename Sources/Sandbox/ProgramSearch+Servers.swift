import Containers
import Processes
import SystemPackage
import Wording

/// Finds the programs that the sandbox starts.
extension ProgramSearch {
    /// Returns the path of docker-registry.
    func registry() throws -> FilePath { try dockerRegistry("it is the sandbox's registry") }

    /// Returns the path of runc.
    func runc() throws -> FilePath { try runc("it runs the sandbox's containers") }

    /// Returns the path of an rclone with an S3 server, which 1.65 introduced; Debian 12 has an older one.
    func rclone() async throws -> FilePath {
        var found: [String] = []
        for program in all("rclone") {
            guard let version = await Self.version(of: program) else { continue }
            if version.major > 1 || (version.major == 1 && version.minor >= 65) { return program }
            found.append("\(program) is \(version.major).\(version.minor)")
        }
        let reason = found.isEmpty ? "it is in no folder of PATH" : found.joined(separator: ", ")
        throw Failure("find rclone 1.65 or newer, the sandbox's S3 server", "\(reason); run 'make setup' for it")
    }

    /// Returns the version in the first line of `rclone version`, such as `rclone v1.75.2`.
    private static func version(of rclone: FilePath) async -> (major: Int, minor: Int)? {
        let outcome = try? await ExternalProgram(name: rclone.string, absence: "it is gone").outcome(["version"])
        guard let match = outcome?.output.firstMatch(of: #/rclone v(\d+)\.(\d+)/#) else { return nil }
        return Int(match.1).flatMap { major in Int(match.2).map { (major, $0) } }
    }
}
