import POSIX

/// Waits for what a stage's first process has left behind at work: a stage may start its trainer and end.
///
/// A process that works goes on as long as it does; one that only waits, as the helper of a tracker or a daemon for the
/// next stage, is not waited for long.
struct StrayWatch {
    /// Who used less than so many hundredths of a second in each second was idle.
    private static let leastTicksPerSecond = 20.0
    private static let interval = Duration.seconds(1)

    let stage: String
    let supervisor: ProcessSupervisor
    let log: RunLog
    var idlePatience = Duration.seconds(60)

    /// Returns once nobody is left who works; `printed` counts what they print.
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
                // Who cannot be seen may be at work.
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
                    "stage \(stage) has left \(names), idle for \(Int(idlePatience.seconds)) s: the run goes on without them"
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
