import POSIX

/// Waits for working processes that a stage's first process has left: a stage may start its trainer and exit.
///
/// A process that works is waited for without a limit. One that only waits, such as the helper of an experiment tracker,
/// is not waited for long; ``StageCleanup`` then ends it.
struct StrayWatch {
    /// Minimum processor time of all remaining processes, in hundredths of a second per second, to count as work.
    private static let leastTicksPerSecond = 20.0
    private static let interval = Duration.seconds(1)

    let stage: String
    let supervisor: ProcessSupervisor
    let log: RunLog
    var idlePatience = Duration.seconds(30)

    /// Returns when no remaining process works; `printed` returns the number of lines that were printed so far.
    func wait(printed: () -> Int) async {
        var last: (ticks: [Int32: Int], printed: Int) = ([:], printed())
        var worked = ContinuousClock.now
        var said: ContinuousClock.Instant?
        let started = ContinuousClock.now
        while supervisor.termination == nil, !Task.isCancelled {
            let strays: [ProcessTree.Process]
            do throws(POSIXError) {
                strays = try await BlockingThread.run { [supervisor] () throws(POSIXError) in
                    try supervisor.strays()
                }
            } catch {
                // A process that cannot be observed may be working.
                log.say("cannot see whether stage \(stage) is at work: \(error)")
                try? await Task.sleep(for: .seconds(5))
                continue
            }
            let now = ContinuousClock.now
            if strays.isEmpty {
                if said != nil { log.say("stage \(stage): nobody is left at work") }
                return
            }
            let ticks = Dictionary(strays.map { ($0.pid, $0.ticks) }) { $1 }
            let used = ticks.reduce(0) { $0 + $1.value - (last.ticks[$1.key] ?? $1.value) }
            if Double(used) >= Self.leastTicksPerSecond || printed() != last.printed { worked = now }
            last = (ticks, printed())
            let names = strays.prefix(5).map { "\($0.name) (\($0.pid))" }.joined(separator: ", ")
            if now - worked >= idlePatience {
                return log.say(
                    "stage \(stage) has left \(names), idle for \(Int(idlePatience.seconds)) s: they are ended"
                )
            }
            if now - (said ?? started) >= (said == nil ? .seconds(2) : .seconds(60)) {
                log.say(
                    "stage \(stage): its first process has ended, and \(names) of it go on; the stage ends with them")
                said = now
            }
            try? await Task.sleep(for: Self.interval)
        }
    }
}
