import CLinux
private import POSIX
import RunContract
import Synchronization
private import SystemPackage

extension ProcessSupervisor {
    /// Only the main thread calls this, so that no child is reaped before it is known.
    func spawn(_ request: Request) {
        do throws(SupervisionError) {
            if termination != nil { throw .stopped }
            let child = try start(request.command, program: try Self.locate(request.command))
            state.withLock { $0.children[child.pid] = child }
            request.reply(.success(child))
        } catch { request.reply(.failure(error)) }
    }

    private func start(_ command: ChildCommand, program: String) throws(SupervisionError) -> ChildProcess {
        var ends: [Int32] = [0, 0]
        guard caas_pipe(&ends) == 0 else {
            throw SupervisionError(
                .internalError, "make a pipe", "\(Errno(rawValue: CLinux.__errno_location().pointee))")
        }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        posix_spawn_file_actions_addchdir_np(&actions, command.workdir)
        // Sockets and files of ours are nobody else's, whatever some library forgot to mark.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        Self.resetSignals(&attributes)
        var arguments = command.arguments.map { strdup($0) } + [nil]
        var environment = command.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, program, &actions, &attributes, &arguments, &environment)
        guard result == 0 else {
            close(ends[0])
            let isMissing = result == ENOENT || result == ENOTDIR
            throw SupervisionError(
                status: isMissing ? 127 : 126, "cannot start \(program): \(Errno(rawValue: result))")
        }
        return ChildProcess(pid: pid, output: ends[0])
    }

    /// A group of its own, nothing blocked and nothing ignored.
    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var nothing = sigset_t()
        sigemptyset(&nothing)
        var everything = sigset_t()
        sigfillset(&everything)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setsigdefault(&attributes, &everything)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    /// The program's file, looked up in the child's PATH and not in ours.
    static func locate(_ command: ChildCommand) throws(SupervisionError) -> String {
        guard let name = command.arguments.first, !name.isEmpty else {
            throw SupervisionError(.configuration, "start a command", "it is empty")
        }
        let isFolder = (try? FileStatus(FilePath(command.workdir), followingLinks: true).kind == .directory) ?? false
        guard isFolder else {
            throw SupervisionError(
                .configuration, "start \(name)", "its working folder \(command.workdir) is not there")
        }
        if name.contains("/") { return name }
        for folder in (command.environment["PATH"] ?? "").split(separator: ":", omittingEmptySubsequences: false) {
            let base = folder.hasPrefix("/") ? String(folder) : command.workdir + "/" + folder
            let candidate = base.hasSuffix("/") ? base + name : base + "/" + name
            let isRegular = (try? FileStatus(FilePath(candidate), followingLinks: true).kind == .regular) ?? false
            if isRegular, access(candidate, X_OK) == 0 { return candidate }
        }
        throw SupervisionError(
            status: 127, "cannot start \(name): it is in no folder of PATH=\(command.environment["PATH"] ?? "")")
    }
}
