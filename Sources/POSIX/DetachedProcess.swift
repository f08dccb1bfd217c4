private import CLinux
package import SystemPackage

/// A process that outlives the one that started it.
package enum DetachedProcess {
    /// Starts a program in its own session, with empty input and with its output and errors appended to two files.
    ///
    /// It gets exactly this environment, no other open file, and no signal blocked or ignored.
    package static func start(
        _ program: FilePath, _ arguments: [String], environment: [String: String], output: FilePath, errors: FilePath
    ) throws(POSIXError) -> ProcessIdentity {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        resetSignals(&attributes)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.string, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors.string, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // A descriptor without close-on-exec, such as a listening socket, would keep its port in use as long as the
        // process runs.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var argumentList = ([program.string] + arguments).map { strdup($0) } + [nil]
        var environmentList = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for text in argumentList + environmentList { free(text) }
        }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, program.string, &actions, &attributes, &argumentList, &environmentList)
        guard result == 0 else { throw POSIXError("start", program, Errno(rawValue: result)) }
        // Nobody waits for this child yet, so its process ID cannot be reused before it is read here.
        guard let identity = ProcessIdentity(pid: pid) else { throw POSIXError("examine", program, .noSuchProcess) }
        // The starter may go on until long after the child's end, and a zombie keeps whoever waits for any child busy.
        let child = pid
        BlockingThread.start { ChildExit.wait(for: child) }
        return identity
    }

    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        var everything = sigset_t()
        sigfillset(&everything)
        posix_spawnattr_setsigdefault(&attributes, &everything)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | Int16(caas_spawn_setsid))
    }
}

/// The signal dispositions of this process.
package enum ProcessSignals {
    /// Ignores SIGPIPE, so that a write to a closed connection fails instead of ending the process.
    package static func ignoreBrokenPipes() { caas_ignore_signal(SIGPIPE) }
}
