import POSIX
import RunContract
import SystemPackage

/// The checks before any paid work: disk space, GPUs, and the program's own commands.
struct Preflight: Sendable {
    let configuration: RunConfiguration
    let runner: CommandRunner
    let log: RunLog

    /// Returns the GPUs that nvidia-smi lists, none if the image or the machine lacks it.
    ///
    /// `query` asks for a number of MiB for each GPU: the memory that it has, or that is in use.
    func inventory(
        _ environment: [String: String], query: [String] = GPUInventory.query
    ) async throws(SupervisionError) -> GPUInventory {
        let command = ChildCommand(query, environment: environment, workdir: "/")
        guard (try? ProcessSupervisor.locate(command)) != nil else { return .none }
        let result = try await runner.run(command, seconds: 30, source: "nvidia-smi", isQuiet: true)
        if !result.status.isSuccess { log.say("nvidia-smi ended with \(result.status): \(result.output)") }
        return result.status.isSuccess ? GPUInventory(result.output) : .none
    }

    /// Returns what nvidia-smi says of the GPUs for the page, empty where it fails.
    func gpus(_ environment: [String: String]) async throws(SupervisionError) -> String {
        let command = ChildCommand(MachineSample.GPU.query, environment: environment, workdir: "/")
        let result = try await runner.run(command, seconds: 30, source: "nvidia-smi", isQuiet: true)
        return result.status.isSuccess ? result.output : ""
    }

    /// Checks GPUs, disks and commands against the program's requirements.
    func checkMachine(
        _ gpus: GPUInventory, variables: [String: String], environment: [String: String], workdir: String
    ) async throws(SupervisionError) {
        let demands = configuration.program.preflight
        func expand(_ text: String) throws(SupervisionError) -> String {
            try StageEnvironment.expand(text) { variables[$0] }
        }
        func number(_ text: String) throws(SupervisionError) -> Double {
            let expanded = try expand(text)
            guard let value = Double(expanded), value >= 0 else {
                throw SupervisionError(.configuration, "read the preflight", "'\(expanded)' is no number")
            }
            return value
        }
        if let text = demands.gpuCount { try checkCount(gpus, Int(try number(text))) }
        if let text = demands.gpuMemoryGiB { try checkMemory(gpus, try number(text)) }
        for disk in demands.disks { try checkDisk(FilePath(try expand(disk.path)), try number(disk.gib)) }
        for command in demands.commands {
            var arguments: [String] = []
            for argument in command { arguments.append(try expand(argument)) }
            try await checkCommand(ChildCommand(arguments, environment: environment, workdir: workdir))
        }
    }

    private func checkCount(_ gpus: GPUInventory, _ count: Int) throws(SupervisionError) {
        guard gpus.memories.count < count else { return }
        throw SupervisionError(
            .preflight, "find \(count) GPUs", "nvidia-smi lists \(gpus.memories.count)")
    }

    private func checkMemory(_ gpus: GPUInventory, _ gib: Double) throws(SupervisionError) {
        if gpus.unknown > 0 { log.say("\(gpus.unknown) of the GPUs do not tell their memory, which is not checked") }
        guard let least = gpus.least, Double(least) / 1024 < gib else { return }
        throw SupervisionError(
            .preflight, "use the GPUs", "one has \((Double(least) / 1024).rounded(1)) GiB, and \(gib) are asked for")
    }

    private func checkDisk(_ path: FilePath, _ gib: Double) throws(SupervisionError) {
        let free: Double
        do throws(POSIXError) {
            try FileSystem.makeFolder(path)
            free = Double(try FileSystem.freeBytes(at: path)) / Double(1 << 30)
        } catch { throw SupervisionError(status: RunExit.preflight.rawValue, "\(error)") }
        guard free < gib else { return }
        throw SupervisionError(
            .preflight, "use the disk at \(path)", "\(free.rounded(1)) GiB are free, and \(gib) are asked for")
    }

    private func checkCommand(_ command: ChildCommand) async throws(SupervisionError) {
        let name = command.arguments.joined(separator: " ")
        let status: ExitStatus
        do throws(SupervisionError) {
            status = try await runner.run(command, seconds: 600, source: "preflight").status
        } catch { throw error.isPreemption ? error : error.with(.preflight) }
        guard status.isSuccess else {
            throw SupervisionError(.preflight, "go on", "the preflight's command '\(name)' ended with \(status)")
        }
    }
}
