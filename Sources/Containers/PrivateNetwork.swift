private import CLinux
import POSIX
import SystemPackage
import Wording

/// A slirp4netns process that connects a process's own network to the outside, but not to the machine's loopback.
///
/// slirp4netns forwards the packets of the only interface with the rights of this user. It is killed when this value is
/// destroyed, and it exits when this process ends for any reason.
/// Source: <https://github.com/rootless-containers/slirp4netns/blob/master/slirp4netns.1.md>.
package struct PrivateNetwork: ~Copyable {
    /// The address of slirp4netns's DNS server.
    package static let nameserver = "10.0.2.3"

    /// The time limit for the interface to appear, in milliseconds; usually it takes ten.
    private static let patience: Int32 = 30_000

    private let pid: Int32
    /// The write end of a pipe whose read end is slirp4netns's `--exit-fd`.
    private let gate: File

    private init(pid: Int32, gate: consuming File) {
        self.pid = pid
        self.gate = gate
    }

    deinit {
        kill(pid, SIGKILL)
        ChildExit.wait(for: pid)
    }

    /// Creates the interface in a process's network namespace, and waits until it is ready.
    static func start(_ program: FilePath, for process: Int32) throws -> PrivateNetwork {
        let ready = try Pipe("network")
        let gate = try Pipe("network")
        let errors = try Pipe("network")
        // Error messages must not block slirp4netns while they are not read.
        caas_set_nonblocking(errors.write.descriptor)
        let pid = try spawn(
            program, for: process, ready: ready.write.descriptor, gate: gate.read.descriptor,
            errors: errors.write.descriptor)
        let network = PrivateNetwork(pid: pid, gate: gate.keepWrite())
        let isReady = ready.keepRead()
        let said = errors.keepRead()
        var wanted = pollfd(fd: isReady.descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&wanted, 1, patience) < 0, CLinux.__errno_location().pointee == EINTR {}
        var byte: [UInt8] = [0]
        guard wanted.revents & Int16(POLLIN) != 0, (try? isReady.read(into: &byte)) == 1 else {
            kill(pid, SIGKILL)
            throw Failure("make a private network", reason(said))
        }
        return network
    }

    private static func reason(_ said: borrowing File) -> String {
        var text = [UInt8](repeating: 0, count: 4096)
        let count = (try? said.read(into: &text)) ?? 0
        let lines = String(decoding: text[..<count], as: UTF8.self).split(separator: "\n")
        let last = lines.last { !$0.contains("WARNING") }.map { String($0) } ?? "slirp4netns gave no reason"
        return "\(last); it needs /dev/net/tun"
    }

    private static func spawn(
        _ program: FilePath, for process: Int32, ready: Int32, gate: Int32, errors: Int32
    ) throws -> Int32 {
        let arguments = [
            program.string, "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox",
            "--enable-seccomp", "--ready-fd=3", "--exit-fd=4", "\(process)", "tap0",
        ]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The descriptors go through 0 and 1 first, because any of the three may have the number 3 or 4 here.
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        posix_spawn_file_actions_adddup2(&actions, ready, 0)
        posix_spawn_file_actions_adddup2(&actions, gate, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 3)
        posix_spawn_file_actions_adddup2(&actions, 1, 4)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addclosefrom_np(&actions, 5)
        var list = arguments.map { strdup($0) } + [nil]
        // slirp4netns gets none of the user's environment variables.
        var nothing: [UnsafeMutablePointer<CChar>?] = [nil]
        defer { for text in list { free(text) } }
        var pid: Int32 = 0
        let failure = posix_spawn(&pid, program.string, &actions, nil, &list, &nothing)
        guard failure == 0 else { throw Failure("run \(program)", "\(Errno(rawValue: failure))") }
        return pid
    }
}
