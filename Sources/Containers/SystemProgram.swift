private import CLinux
import POSIX
import SystemPackage
import Wording

/// Runs programs of the system that have privileges this process lacks, or do a task best.
package enum SystemProgram {
    /// Runs a program from PATH, blocks until it ends, and returns false if its exit status is not 0.
    package static func run(_ program: String, _ arguments: [String]) throws -> Bool {
        var list = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for text in list { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var pid: pid_t = 0
        let failure = posix_spawnp(&pid, program, &actions, nil, &list, caas_environ())
        guard failure == 0 else { throw Failure("run \(program)", "\(Errno(rawValue: failure))") }
        return ChildExit.wait(for: pid) == 0
    }
}
