import CLinux
import POSIX
import RunContract
import SystemPackage

/// Says in the log what the processes of a stage that hangs wait in, which nobody can see once they are killed.
struct StallReport: Sendable {
    private static let mostProcesses = 16
    /// How long a process may take to print its stacks.
    private static let patience = Duration.seconds(2)

    let stage: String
    let log: RunLog
    let runner: CommandRunner
    let environment: [String: String]

    /// Reports on a process and its descendants.
    func run(on child: ChildProcess) async {
        guard let tree = await BlockingThread.run({ try? ProcessTree.current() }) else { return }
        let processes = tree.withRoot(child.pid).prefix(Self.mostProcesses)
        for process in processes { say(process) }
        var hasAsked = false
        for process in processes where Self.handlesUserSignal(process.pid) {
            // Python's faulthandler prints the stacks of all threads where the program has registered the signal.
            // <https://docs.python.org/3/library/faulthandler.html#faulthandler.register>
            kill(process.pid, SIGUSR1)
            hasAsked = true
        }
        if hasAsked { try? await Task.sleep(for: Self.patience) }
        for process in processes where process.name.hasPrefix("python") || process.name.hasPrefix("pt_main") {
            guard await printStacks(of: process) else { return }
        }
    }

    /// Logs where the kernel keeps a process waiting. <https://man7.org/linux/man-pages/man5/proc_pid_wchan.5.html>
    private func say(_ process: ProcessTree.Process) {
        let place = Self.text(process.pid, "wchan")
        let wait = place.isEmpty || place == "0" ? "runs, or waits where only root can see it" : "waits in \(place)"
        log.say("stage \(stage): \(process.name) (\(process.pid)) \(process.isStopped ? "is stopped" : wait)")
        // Only root sees it, and not in every container.
        let stack = Self.text(process.pid, "stack")
        if !stack.isEmpty { log.say("stage \(stage): \(process.name) (\(process.pid)) stack: \(stack)") }
    }

    private static func text(_ pid: Int32, _ name: String) -> String {
        let bytes = (try? FileSystem.read(FilePath("/proc/\(pid)").appending(name), limit: 4096)) ?? []
        return String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : 0x20 }, as: UTF8.self)
            .split(separator: " ").joined(separator: " ")
    }

    /// True if a process has a handler of its own for SIGUSR1, which would end it otherwise.
    ///
    /// `SigCgt` in <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
    static func handlesUserSignal(_ pid: Int32) -> Bool {
        let words = text(pid, "status").split(separator: " ")
        guard let index = words.firstIndex(of: "SigCgt:"), index + 1 < words.count,
            let caught = UInt64(words[index + 1], radix: 16)
        else { return false }
        return caught & (1 << UInt64(SIGUSR1 - 1)) != 0
    }

    /// Prints a Python process's stacks by py-spy; returns false where the image has none.
    private func printStacks(of process: ProcessTree.Process) async -> Bool {
        let command = ChildCommand(
            ["py-spy", "dump", "--nonblocking", "--pid", String(process.pid)], environment: environment, workdir: "/")
        let result = try? await runner.run(command, seconds: 10, source: "py-spy")
        return result.map { $0.status.code != 127 } ?? false
    }
}
