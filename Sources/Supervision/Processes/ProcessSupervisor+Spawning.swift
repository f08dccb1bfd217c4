import ByteText
import CLinux
private import POSIX
import RunContract
import Synchronization
private import SystemPackage

extension ProcessSupervisor {
    /// Time for which a start is retried after a shortage of system resources, which other processes may release.
    private static let patience = Duration.seconds(60)

    /// Starts a requested process; only the main thread calls this, so that no child is reaped before it is registered.
    func spawn(_ request: Request) {
        do throws(SupervisionError) {
            if termination != nil { throw .stopped }
            let program = try Self.locate(request.command)
            switch Self.start(request.command, program: program) {
            case .success(let child):
                state.withLock { $0.children[child.pid] = child }
                request.reply(.success(child))
            case .failure(let reason): try retry(request, program, reason)
            }
        } catch { request.reply(.failure(error)) }
    }

    /// Requeues a request for the main thread's next turn; the main thread must not wait, because it forwards signals.
    private func retry(_ request: Request, _ program: String, _ reason: Errno) throws(SupervisionError) {
        guard Shortage.isShortage(reason) else {
            let isMissing = [.noSuchFileOrDirectory, .notDirectory].contains(reason)
            throw SupervisionError(status: isMissing ? 127 : 126, "cannot start \(program): \(reason)")
        }
        let since = request.shortSince ?? .now
        let waited = ContinuousClock.now - since
        guard waited < Self.patience else {
            throw SupervisionError(
                .internalError, "start \(program)",
                "\(Shortage.reason(reason)), for \(waited.components.seconds) seconds")
        }
        Shortage.report("start \(program)", reason)
        var again = request
        again.shortSince = since
        state.withLock { $0.requests.append(again) }
    }

    private static func start(_ command: ChildCommand, program: String) -> Result<ChildProcess, Errno> {
        var ends: [Int32] = [0, 0]
        guard caas_pipe(&ends) == 0 else { return .failure(Errno(rawValue: CLinux.__errno_location().pointee)) }
        defer { close(ends[1]) }
        var arguments = command.arguments.map { strdup($0) } + [nil]
        var environment = command.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var pid: pid_t = 0
        var reason: Int32 = 0
        program.withCString { program in
            command.workdir.withCString { workdir in
                arguments.withUnsafeMutableBufferPointer { arguments in
                    environment.withUnsafeMutableBufferPointer { environment in
                        ProcessHardening.childScore.withCString { score in
                            var spawning = caas_spawning()
                            spawning.program = program
                            spawning.workdir = workdir
                            spawning.arguments = UnsafePointer(arguments.baseAddress)
                            spawning.environment = UnsafePointer(environment.baseAddress)
                            spawning.output = ends[1]
                            spawning.descriptors = DescriptorLimit.ofChildren
                            spawning.oom_score = score
                            pid = caas_spawn(&spawning)
                            reason = CLinux.__errno_location().pointee
                        }
                    }
                }
            }
        }
        guard pid > 0 else {
            close(ends[0])
            return .failure(Errno(rawValue: reason))
        }
        return .success(ChildProcess(pid: pid, output: ends[0]))
    }

    /// Returns the program's path, looked up in the child's PATH, not in this process's.
    static func locate(_ command: ChildCommand) throws(SupervisionError) -> String {
        guard let name = command.arguments.first, !name.isEmpty else {
            throw SupervisionError(.configuration, "start a command", "it is empty")
        }
        let isFolder = (try? FileStatus(FilePath(command.workdir), followingLinks: true).kind == .directory) ?? false
        guard isFolder else {
            throw SupervisionError(
                .configuration, "start \(name)", "its working folder \(command.workdir) is not there")
        }
        if name.contains(byte: "/") { return name }
        for folder in (command.environment["PATH"] ?? "").split(byte: ":", omittingEmptySubsequences: false) {
            let base = folder.hasPrefix(bytes: "/") ? String(folder) : command.workdir + "/" + folder
            let candidate = base.hasSuffix(bytes: "/") ? base + name : base + "/" + name
            let isRegular = (try? FileStatus(FilePath(candidate), followingLinks: true).kind == .regular) ?? false
            if isRegular, access(candidate, X_OK) == 0 { return candidate }
        }
        throw SupervisionError(
            status: 127, "cannot start \(name): it is in no folder of PATH=\(command.environment["PATH"] ?? "")")
    }
}
