/// Reports on programs that run for minutes.
enum ProgramWatch {
    /// Reports every five seconds that a step's program is still running, until the task is cancelled.
    static func report(_ step: String, to report: @Sendable (BuildEvent) -> Void) async {
        var seconds = 0
        while (try? await Task.sleep(for: .seconds(5))) != nil {
            seconds += 5
            report(.waiting(step: step, seconds: seconds))
        }
    }
}
