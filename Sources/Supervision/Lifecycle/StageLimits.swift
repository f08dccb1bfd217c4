import CLinux
import POSIX
import RunContract
import Synchronization
import SystemPackage

/// Ends a stage that runs for longer than its `timeout`, or that prints nothing for as long as its `stall` says.
final class StageLimits: Sendable {
    /// Why a stage was ended, with the seconds of the limit.
    enum Ending: Sendable, Hashable {
        case timeout(Int)
        case stall(Int)
    }

    private struct State {
        var printed = ContinuousClock.now
        var ending: Ending?
    }

    /// The time between SIGTERM and SIGKILL.
    private static let grace = Duration.seconds(15)
    private static let interval = Duration.seconds(1)

    private let stage: Program.Stage
    private let supervisor: ProcessSupervisor
    private let log: RunLog
    private let started = ContinuousClock.now
    private let state = Mutex(State())

    init(_ stage: Program.Stage, supervisor: ProcessSupervisor, log: RunLog) {
        self.stage = stage
        self.supervisor = supervisor
        self.log = log
    }

    /// nil where the stage was not ended.
    var ending: Ending? { state.withLock { $0.ending } }

    /// Notes that the stage has printed something.
    func notePrinted() { state.withLock { $0.printed = .now } }

    /// Watches until it is cancelled or has ended the stage.
    func watch(_ child: ChildProcess) async throws {
        guard stage.timeout != nil || stage.stall != nil else { return }
        while true {
            try await Task.sleep(for: Self.interval)
            guard let ending = reached else { continue }
            state.withLock { $0.ending = ending }
            if case .stall = ending { sayWhatWaits(below: child) }
            supervisor.endStage(child, SIGTERM)
            try await Task.sleep(for: Self.grace)
            return supervisor.endStage(child, SIGKILL)
        }
    }

    private var reached: Ending? {
        let now = ContinuousClock.now
        if let limit = stage.timeout, now - started >= .seconds(limit) { return .timeout(limit) }
        if let limit = stage.stall, now - state.withLock({ $0.printed }) >= .seconds(limit) { return .stall(limit) }
        return nil
    }

    /// Logs what the processes of a stage that hangs wait for, which nobody can see once they are killed.
    ///
    /// <https://man7.org/linux/man-pages/man5/proc_pid_wchan.5.html>
    private func sayWhatWaits(below child: ChildProcess) {
        guard let tree = try? ProcessTree.current() else { return }
        for process in tree.withRoot(child.pid).prefix(16) {
            let folder = FilePath("/proc").appending("\(process.pid)")
            let place = (try? FileSystem.read(folder.appending("wchan"), limit: 256)) ?? []
            let name = String(decoding: place.filter { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self)
            let wait = name.isEmpty || name == "0" ? "runs, or waits where only root can see it" : "waits in \(name)"
            log.say("stage \(stage.name): \(process.name) (\(process.pid)) \(wait)")
        }
    }
}
