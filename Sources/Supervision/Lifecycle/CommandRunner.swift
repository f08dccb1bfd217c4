import CLinux
import Synchronization

/// Runs a short command of the preflight.
struct CommandRunner: Sendable {
    let supervisor: ProcessSupervisor
    let log: RunLog

    /// Returns the command's exit status and the end of its output; kills it after `seconds`.
    func run(
        _ command: ChildCommand, seconds: Int, source: String, isQuiet: Bool = false
    ) async throws(SupervisionError) -> (status: ExitStatus, output: String) {
        let child = try await supervisor.start(command)
        let kept = KeptOutput()
        let output =
            isQuiet
            ? ChildOutput(of: child) { kept.add($0) }
            : ChildOutput(of: child, receive: log.stream(of: source) { kept.add(Array(($0 + "\n").utf8)) })
        let killer = Task { [supervisor] in
            try await Task.sleep(for: .seconds(seconds))
            supervisor.signal(child, SIGKILL)
        }
        let status = await child.wait()
        killer.cancel()
        await output.finish(within: .milliseconds(500))
        if Task.isCancelled { throw .stopped }
        return (status, kept.text)
    }
}

/// The last 4096 bytes of a command's output.
private final class KeptOutput: Sendable {
    private let bytes = Mutex([UInt8]())

    func add(_ more: [UInt8]) { bytes.withLock { $0 = Array(($0 + more).suffix(4096)) } }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}
