import TestSupport
import Testing

@testable import Supervision

/// Stages that hang, and stages that only look so, second by second.
struct StepWatchTests {
    /// A stage in simulated time, watched as the entrypoint does.
    private struct Simulation {
        private let start = ContinuousClock.now
        private(set) var seconds = 0.0
        private var watch = StepWatch()
        private var step = 0
        /// When the stage was given up, in seconds.
        private(set) var given: Double?

        /// Lets time go by; prints a line every `heartbeat` seconds, and does nothing else where it is idle.
        mutating func pass(_ time: Double, idle isIdle: Bool = false, heartbeat: Double? = nil) {
            let began = seconds
            let end = seconds + time
            while seconds < end, given == nil {
                seconds += 1
                let now = start + .seconds(seconds)
                if let heartbeat, seconds.truncatingRemainder(dividingBy: heartbeat) < 1 {
                    watch.note(step: nil, at: now)
                }
                let idle: Duration = isIdle && watch.isQuiet(at: now) ? .seconds((seconds - began) / 2) : .zero
                if watch.stall(at: now, idle: idle) != nil { given = seconds }
            }
            seconds = max(end, given ?? 0)
        }

        mutating func makeStep(taking time: Double) {
            pass(time)
            step += 1
            watch.note(step: String(step), at: start + .seconds(seconds))
        }
    }

    @Test(arguments: 0..<200)
    func `slow saves, evaluations and compiles of a healthy run are no hang`(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var run = Simulation()
        let time = Double.random(in: 0.1...30, using: &random)
        let evaluation = Double.random(in: 10...880, using: &random)
        let (saves, evaluates) = (Int.random(in: 5...50, using: &random), Int.random(in: 10...200, using: &random))
        // The compiler, and a data set that is prepared.
        run.pass(Double.random(in: 10...3600, using: &random), idle: Bool.random(using: &random))
        run.makeStep(taking: Double.random(in: 10...1200, using: &random))
        for step in 1...400 {
            run.makeStep(taking: time * Double.random(in: 0.7...1.5, using: &random))
            if step % saves == 0 { run.pass(Double.random(in: 1...100, using: &random)) }
            if step % evaluates == 0 {
                run.pass(
                    evaluation * Double.random(in: 0.8...1.2, using: &random),
                    heartbeat: Bool.random(using: &random) ? 5 : nil)
            }
            // A disk in the network that does not answer for a while.
            if step % 97 == 0 { run.pass(30, idle: true) }
        }
        #expect(run.given == nil, "\(run.given ?? 0) of \(run.seconds) s, steps of \(time) s")
    }

    private static func trained(_ time: Double) -> Simulation {
        var run = Simulation()
        for _ in 0..<20 { run.makeStep(taking: time) }
        return run
    }

    @Test(arguments: [(0.5, 61.0), (4, 61), (20, 101)])
    func `a run in which nothing happens any more is given up after five steps' time`(_ time: Double, _ most: Double) {
        var run = Self.trained(time)
        let hung = run.seconds
        run.pass(3600, idle: true)
        #expect((run.given ?? .infinity) - hung <= most && (run.given ?? 0) - hung >= 60)
    }

    @Test func `a run that prints and computes, but makes no step, is given up after twenty minutes`() {
        var run = Self.trained(2)
        let hung = run.seconds
        run.pass(7200, heartbeat: 10)
        #expect((1200...1202).contains((run.given ?? 0) - hung))
        var slow = Self.trained(2)
        slow.pass(600)
        slow.makeStep(taking: 2)
        let second = slow.seconds
        slow.pass(7200)
        #expect((3000...3015).contains((slow.given ?? 0) - second))
    }

    @Test func `a step that is printed again is none`() {
        var watch = StepWatch()
        let start = ContinuousClock.now
        for second in 0..<10 { watch.note(step: "\(second)", at: start + .seconds(second)) }
        for second in 10..<1300 { watch.note(step: "9", at: start + .seconds(second)) }
        #expect(watch.stall(at: start + .seconds(1300), idle: .zero) != nil)
    }
}
