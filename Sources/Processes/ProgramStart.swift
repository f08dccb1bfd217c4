private import CLinux
import POSIX
import SystemPackage

/// How a program is started by posix_spawn(3): with no signal blocked or ignored, and no open file but the standard ones.
///
/// A descriptor without close-on-exec, such as a listening socket, would keep its port in use as long as the program
/// runs, and not every library opens its sockets close-on-exec. The threads that run work block all signals, and a
/// program would inherit that mask.
struct ProgramStart {
    /// Where standard output or standard error goes.
    enum Output {
        case inherited
        /// The end of a file, which is created where it is missing.
        case append(FilePath)
        case descriptor(Int32)
    }

    /// A path, or a name that PATH is searched for.
    let program: String
    let arguments: [String]
    /// The environment; nil for that of this process.
    var environment: [String: String]?
    /// The file of standard input; nil for that of this process.
    var input: FilePath?
    var output = Output.inherited
    var errors = Output.inherited
    /// True for a program that gets a session of its own, and so outlives the terminal.
    var hasOwnSession = false

    init(_ program: String, _ arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }

    /// Starts the program, and returns its process ID, for which somebody must wait.
    func start() throws(POSIXError) -> Int32 {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        resetSignals(&attributes)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_addopen(&actions, 0, input.string, O_RDONLY, 0) }
        redirect(output, to: 1, &actions)
        redirect(errors, to: 2, &actions)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var list = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment?.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } ?? []
        variables.append(nil)
        defer { for text in list + variables { free(text) } }
        var pid: pid_t = 0
        let result =
            environment == nil
            ? posix_spawnp(&pid, program, &actions, &attributes, &list, caas_environ())
            : posix_spawnp(&pid, program, &actions, &attributes, &list, &variables)
        guard result == 0 else { throw POSIXError("run", FilePath(program), Errno(rawValue: result)) }
        return pid
    }

    private func redirect(_ target: Output, to descriptor: Int32, _ actions: inout posix_spawn_file_actions_t) {
        switch target {
        case .inherited: break
        case .append(let file):
            posix_spawn_file_actions_addopen(
                &actions, descriptor, file.string, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        case .descriptor(let other): posix_spawn_file_actions_adddup2(&actions, other, descriptor)
        }
    }

    private func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        var everything = sigset_t()
        sigfillset(&everything)
        posix_spawnattr_setsigdefault(&attributes, &everything)
        let session = hasOwnSession ? Int16(caas_spawn_setsid) : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | session)
    }
}
