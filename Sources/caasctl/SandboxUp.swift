import ArgumentParser
import POSIX
import Sandbox

/// `caasctl sandbox up`.
struct SandboxUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start what is not running; a server that died comes back with its data.")

    @Option(help: "Seconds in which a new container need not answer on its port yet; only when the sandbox is new.")
    var healthStartPeriod = HealthPolicy().startPeriod

    func run() async throws {
        var health = HealthPolicy()
        health.startPeriod = healthStartPeriod
        let startup = try await SandboxCommand.cloud().up(health: health, report: StandardError.print)
        if startup.started.isEmpty {
            StandardError.print("the sandbox is up already")
        } else {
            let names = startup.started.map(\.rawValue).joined(separator: ", ")
            StandardError.print("the sandbox is up (started: \(names)); use it with: eval \"$(caasctl sandbox env)\"")
        }
    }
}
