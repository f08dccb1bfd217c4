private import CLinux
package import POSIX
package import SystemPackage
import Wording

/// A program in its own namespaces, which is killed with all its descendants when the thread that started it ends.
///
/// It is the first process of a PID namespace: when it ends, the kernel kills all other processes of the namespace. The
/// mount namespace disappears with the last of them. Both happen even if this process is killed.
/// Source: <https://man7.org/linux/man-pages/man7/pid_namespaces.7.html>.
package struct IsolatedProcess: ~Copyable {
    /// The read end of the program's standard output.
    package let output: File
    private var input: File?
    private let pid: Int32
    /// The write end of a pipe; when it closes, the program detects that this process has ended.
    private let gate: File
    private var isOver = false
    /// The program's own network, which is stopped with it.
    private var network: PrivateNetwork?

    private init(pid: Int32, input: consuming File, output: consuming File, gate: consuming File) {
        self.pid = pid
        self.input = .some(input)
        self.output = output
        self.gate = gate
    }

    deinit {
        if !isOver {
            kill(pid, SIGKILL)
            ChildExit.wait(for: pid)
        }
    }

    /// Starts a program in new namespaces; with a mapping also in a user namespace, as root in it.
    ///
    /// With `slirp4netns` the program gets a network of its own that can reach the outside.
    package static func start(
        _ program: FilePath, _ arguments: [String], environment: [String: String], mapping: IDMapping?,
        slirp4netns: FilePath? = nil
    ) throws -> IsolatedProcess {
        var argumentList = ([program.string] + arguments).map { strdup($0) } + [nil]
        var environmentList = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for text in argumentList + environmentList { free(text) }
        }
        let inputs = try Pipe("input")
        let outputs = try Pipe("output")
        let gates = try Pipe("gate")
        let pid = program.withPlatformString { path in
            caas_start_isolated(
                path, &argumentList, &environmentList, mapping == nil ? 0 : 1, slirp4netns == nil ? 0 : 1,
                inputs.read.descriptor, outputs.write.descriptor, gates.read.descriptor, gates.write.descriptor)
        }
        guard pid > 0 else {
            let reason = Errno(rawValue: CLinux.__errno_location().pointee)
            throw Failure("start \(program) in namespaces of its own", advice(on: reason, mapping))
        }
        var process = IsolatedProcess(
            pid: pid, input: inputs.keepWrite(), output: outputs.keepRead(), gate: gates.keepWrite())
        try mapping?.apply(to: pid)
        if let slirp4netns { process.network = try PrivateNetwork.start(slirp4netns, for: pid) }
        try process.gate.write([1])
        return process
    }

    /// Writes the program's whole standard input, and closes it.
    package mutating func write(_ content: [UInt8]) throws {
        guard let input = input.take() else { return }
        try input.write(content)
    }

    /// Waits for the end; returns the exit status, or 128 plus the number of the signal that ended the program.
    package consuming func wait() -> Int32 {
        isOver = true
        return ChildExit.wait(for: pid)
    }

    private static func advice(on reason: Errno, _ mapping: IDMapping?) -> String {
        guard reason == .notPermitted || reason == .noSpace else { return "\(reason)" }
        if mapping == nil { return "\(reason); root lacks CAP_SYS_ADMIN here, as in a container without --privileged" }
        return
            "\(reason); this system lets ordinary users make no user namespaces (see sysctl user.max_user_namespaces, "
            + "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
    }
}
