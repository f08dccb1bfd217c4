import CLinux
import Synchronization

/// Runs a short command of the preflight to its end.
struct CommandRunner: Sendable {
    let supervisor: ProcessSupervisor
    let log: RunLog

    /// How it ended and the last it printed; it is killed where it takes longer than so many seconds.
    func run(
        _ command: ChildCommand, seconds: Int, source: String, isQuiet: Bool = false
    ) async throws(SupervisionError) -> (status: ExitStatus, output: String) {
        let child = try await supervisor.start(command)
        let text = Mutex("")
        let keep: @Sendable (String) -> Void = { line in text.withLock { $0 = String(($0 + line + "\n").suffix(4096)) } }
        let quiet = Mutex(LineSplitter())
        let receive: @Sendable ([UInt8]) -> Void =
            isQuiet
            ? { bytes in for line in quiet.withLock({ $0.add(bytes) }) { keep(line) } }
            : log.stream(of: source, onLine: keep)
        let output = ChildOutput(of: child, receive: receive)
        let killer = Task { [supervisor] in
            try await Task.sleep(for: .seconds(seconds))
            supervisor.signal(child, SIGKILL)
        }
        let status = await child.wait()
        killer.cancel()
        await output.finish(within: .milliseconds(500))
        if Task.isCancelled { throw .stopped }
        return (status, text.withLock { $0 })
    }
}
