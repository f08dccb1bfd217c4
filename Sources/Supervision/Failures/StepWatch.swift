/// Learns how long a stage's steps take, and tells when it makes none any more although it lives.
///
/// A hang and a long evaluation look alike from outside, so the watch is patient until it has seen what is usual: a stage
/// that still computes, or prints, gets twenty minutes the first time and five times its longest pause afterwards. Only
/// one in which nothing happens at all is given up after five steps' time, and a minute at least.
struct StepWatch: Sendable {
    private static let leastSteps = 5
    private static let quickest = Duration.seconds(60)
    private static let firstTime = Duration.seconds(1200)
    private static let factor = 5

    private var step: String?
    private var lastStep: ContinuousClock.Instant?
    private var lastSign: ContinuousClock.Instant?
    /// The times of the last steps.
    private var recent: [Duration] = []
    private var longest = Duration.zero
    private var count = 0

    /// Notes a line, and the step in it; a step that is printed again is none.
    mutating func note(step: String?, at now: ContinuousClock.Instant) {
        lastSign = now
        guard let step, step != self.step else { return }
        if let lastStep {
            let time = now - lastStep
            recent.append(time)
            if recent.count > 50 { recent.removeFirst() }
            longest = max(longest, time)
            count += 1
        }
        self.step = step
        lastStep = now
    }

    /// Notes another sign of life, such as a file that is being saved.
    mutating func noteSign(at now: ContinuousClock.Instant) { lastSign = now }

    /// The time that a step usually takes: nine of ten take no longer.
    var usual: Duration? {
        guard count >= Self.leastSteps else { return nil }
        let sorted = recent.sorted()
        return sorted[min(sorted.count - 1, sorted.count * 9 / 10)]
    }

    /// Returns true where it is worthwhile to look at what the stage does.
    func isQuiet(at now: ContinuousClock.Instant) -> Bool {
        guard let usual, let lastStep, let lastSign else { return false }
        return now - max(lastStep, lastSign) >= max(Self.quickest, usual * Self.factor) / 2
    }

    /// Returns how long there was no step where the stage is to be given up, nil where it is not.
    ///
    /// `idle` is for how long its processes have done nothing.
    func stall(at now: ContinuousClock.Instant, idle: Duration) -> Duration? {
        guard let usual, let lastStep, let lastSign else { return nil }
        let (pause, silence) = (now - lastStep, now - max(lastStep, lastSign))
        let limit = max(Self.quickest, usual * Self.factor)
        let isDead = silence >= limit && idle >= limit / 3
        let isEndless = pause >= max(Self.firstTime, longest * Self.factor)
        return isDead || isEndless ? pause : nil
    }
}
