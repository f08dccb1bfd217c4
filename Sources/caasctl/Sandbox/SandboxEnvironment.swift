import ArgumentParser
import JSON
import POSIX
import Sandbox
import Wording

/// `caasctl sandbox env`: prints the variables that point other programs at the sandbox.
struct SandboxEnvironment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Print the variables by which caasctl and other programs use the sandbox.",
        discussion: "To set them in a shell: eval \"$(caasctl sandbox env)\"")

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let cloud = try SandboxCommand.cloud()
        guard let state = try cloud.state() else {
            throw Failure("print the sandbox's environment", "it is not up; run 'caasctl sandbox up'")
        }
        for server in cloud.servers(state) where !server.isAlive {
            StandardError.print("the sandbox's \(server.name.rawValue) has died; 'caasctl sandbox up' starts it again")
        }
        let variables = SandboxCloud.environment(state)
        let own = variables.first { $0.name == "DOCKER_AUTH_CONFIG" }?.value
        if let other = ProcessEnvironment.value("DOCKER_AUTH_CONFIG"), !other.isEmpty, other != own {
            StandardError.print("DOCKER_AUTH_CONFIG is set already; the sandbox's login takes its place in this shell")
        }
        if json {
            let members = variables.map { ($0.name, JSONValue.string($0.value)) }
            return print(JSONValue.object(Dictionary(uniqueKeysWithValues: members)).text)
        }
        for (name, value) in variables { print("export \(name)='\(value)'") }
    }
}
