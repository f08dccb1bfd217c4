import CLinux
import POSIX
package import SystemPackage

/// A program that runs during a test, such as a server; it is killed and reaped when the value is released.
package final class RunningProgram: Sendable {
    /// A program could not be started.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let pid: Int32
    /// The file that gets standard output and standard error.
    package let log: FilePath

    /// Starts a program, by path or by its name in PATH, in its own process group.
    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], log: FilePath
    ) throws {
        var variables = ProcessEnvironment.all()
        for (name, value) in environment { variables[name] = value }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log.string, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Without this, the program would keep sockets of other tests open, since not all of them are close-on-exec.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var arguments = ([program] + arguments).map { strdup($0) } + [nil]
        var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for text in arguments + environment { free(text) }
        }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, program, &actions, &attributes, &arguments, &environment)
        guard result == 0 else { throw Failure(description: "cannot start \(program): \(Errno(rawValue: result))") }
        self.pid = pid
        self.log = log
    }

    deinit {
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    /// Kills the process group now, for a test process that may exit before the value is released.
    package func stop() {
        kill(-pid, SIGKILL)
        var information = siginfo_t()
        waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT)
    }

    /// Sends SIGSTOP and returns once the process has stopped: the signal alone may take a while to arrive.
    package func pause() {
        kill(pid, SIGSTOP)
        var information = siginfo_t()
        waitid(P_PID, id_t(pid), &information, WSTOPPED | WEXITED | WNOWAIT)
    }

    package func signal(_ number: Int32) { kill(pid, number) }

    /// The exit status, 128 plus the number of the signal that ended the process, or nil while it runs.
    package var status: Int? {
        var information = siginfo_t()
        // WNOWAIT leaves the child to be reaped by deinit, so that its process id is not reused before.
        let result = waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        guard result == 0, information.si_signo == SIGCHLD else { return nil }
        let value = Int(information._sifields._sigchld.si_status)
        return information.si_code == CLD_EXITED ? value : 128 + value
    }

    /// The output so far.
    package var printed: String { (try? FileSystem.read(log)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}
