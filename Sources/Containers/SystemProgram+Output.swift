private import CLinux
import POSIX
package import SystemPackage
import Wording

extension SystemProgram {
    /// Runs a program, blocks until it ends, and returns its exit status.
    ///
    /// `input` is the file for its standard input. `told` receives standard output and standard error of the program
    /// and of processes that it leaves behind, in order, until the last of them closes them.
    package static func run(
        _ program: FilePath, _ arguments: [String], input: FilePath, told: (UnsafeRawBufferPointer) -> Void
    ) throws -> Int32 {
        let pipe = try Pipe("output")
        let pid = try start(program, arguments, input: input, output: pipe.write)
        let output = pipe.keepRead()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try output.read(into: buffer)
            if count == 0 { return ChildExit.wait(for: pid) }
            told(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private static func start(
        _ program: FilePath, _ arguments: [String], input: FilePath, output: borrowing File
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input.string, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.descriptor, 1)
        posix_spawn_file_actions_adddup2(&actions, output.descriptor, 2)
        // Not every library opens its sockets close-on-exec, and a container inherits the descriptors of its runtime.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        // The threads that run work block all signals, and a program would inherit that mask.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var list = ([program.string] + arguments).map { strdup($0) } + [nil]
        defer { for text in list { free(text) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, program.string, &actions, &attributes, &list, caas_environ())
        guard failure == 0 else { throw Failure("run \(program)", "\(Errno(rawValue: failure))") }
        return pid
    }
}
