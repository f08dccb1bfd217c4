import CLinux
import POSIX

/// Ends all that a stage has started and left, in whatever process group or session it is.
///
/// Helpers that outlive their stage would hold the GPUs that the next one needs.
struct StageCleanup: Sendable {
    let stage: String
    let supervisor: ProcessSupervisor
    let log: RunLog
    /// The time between SIGTERM and SIGKILL, and the time in which the killed must be gone.
    var grace = Duration.seconds(5)

    /// Returns when nothing of the stage is left, or cannot be ended; says what had to be killed.
    func run(after child: ChildProcess) async {
        supervisor.endStage(child, SIGTERM)
        // Where the container is asked to stop, its own deadlines hold for all processes.
        guard supervisor.termination == nil, let left = await strays(within: grace), !left.isEmpty else { return }
        log.say("stage \(stage) has left \(Self.names(left)), which SIGTERM does not end; they are killed")
        supervisor.endStage(child, SIGKILL)
        guard let unending = await strays(within: grace), !unending.isEmpty else { return }
        log.say("stage \(stage) has left \(Self.names(unending)), which nothing ends; they may hold a GPU")
    }

    /// Returns the processes that are left after a time, as soon as there are none; nil where they cannot be seen.
    private func strays(within limit: Duration) async -> [ProcessTree.Process]? {
        let started = ContinuousClock.now
        while true {
            let left = await BlockingThread.run { [supervisor] in try? supervisor.strays() }
            guard let left, !left.isEmpty, ContinuousClock.now - started < limit, supervisor.termination == nil else {
                return left
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private static func names(_ processes: [ProcessTree.Process]) -> String {
        let more = processes.count > 5 ? " and \(processes.count - 5) more" : ""
        return processes.prefix(5).map { "\($0.name) (\($0.pid))" }.joined(separator: ", ") + more
    }
}
