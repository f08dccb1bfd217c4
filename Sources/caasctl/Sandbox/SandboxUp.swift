import ArgumentParser
import POSIX
import Sandbox
import Wording

/// `caasctl sandbox up`: starts the sandbox's servers.
struct SandboxUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start the servers that are not running; a dead server keeps its data.")

    @Option(
        help: ArgumentHelp(
            "Time in which a new container need not answer on its port, in seconds; for a new sandbox only.",
            valueName: "seconds"))
    var healthStartPeriod = HealthPolicy().startPeriod

    @Option(
        help: ArgumentHelp(
            "Memory limit of a container, at least 16MiB; default: three quarters of the machine's memory.",
            discussion: "For a new sandbox only. Needs root, because only root can create control groups.",
            valueName: "size"))
    var memory: ByteCount?

    @Option(
        help: ArgumentHelp(
            "Processor limit of a container, as in 1.5; default: nine tenths of all processors.",
            discussion: "For a new sandbox only. Needs root, as --memory does.", valueName: "number"))
    var cpus: Double?

    func validate() throws {
        if let memory, memory.bytes < 16 << 20 { throw ValidationError("--memory must be at least 16MiB") }
        if let cpus, !(0.1...1024).contains(cpus) { throw ValidationError("--cpus must be from 0.1 to 1024") }
        guard ContainerLimits.canBeKept || (memory == nil && cpus == nil) else {
            throw ValidationError("--memory and --cpus need control groups, which runc makes for root alone")
        }
    }

    func run() async throws {
        var limits = ContainerLimits.ofThisMachine
        if let memory { limits.memoryBytes = memory.bytes }
        if let cpus { limits.processors = cpus }
        var health = HealthPolicy()
        health.startPeriod = healthStartPeriod
        let startup = try await SandboxCommand.cloud().up(health: health, limits: limits, report: StandardError.print)
        if startup.started.isEmpty {
            StandardError.print("the sandbox is up already")
        } else {
            let names = startup.started.map(\.rawValue).joined(separator: ", ")
            StandardError.print("the sandbox is up (started: \(names)); use it with: eval \"$(caasctl sandbox env)\"")
        }
    }
}
