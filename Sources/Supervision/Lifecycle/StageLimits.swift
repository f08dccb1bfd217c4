import CLinux
import RunContract
import Synchronization

/// Ends a stage that runs for longer than its `timeout`, that prints nothing for as long as its `stall` says, that makes no
/// steps any more, or whose loss is no number any more.
final class StageLimits: Sendable {
    /// Why a stage was ended, with the seconds of the limit, or the loss.
    enum Ending: Sendable, Hashable {
        case timeout(Int)
        case stall(Int)
        case noStep(Int)
        case nonFinite(String)
    }

    private struct State {
        var printed = ContinuousClock.now
        var steps = StepWatch()
        var ending: Ending?
    }

    /// The time between SIGTERM and SIGKILL.
    private static let grace = Duration.seconds(15)
    private static let interval = Duration.seconds(1)

    private let stage: Program.Stage
    private let supervisor: ProcessSupervisor
    private let activity: StageActivity
    private let report: StallReport
    private let losses: LossWatch
    private let started = ContinuousClock.now
    private let state = Mutex(State())

    init(
        _ stage: Program.Stage, losses: LossWatch, supervisor: ProcessSupervisor, activity: StageActivity,
        report: StallReport
    ) {
        self.stage = stage
        self.losses = losses
        self.supervisor = supervisor
        self.activity = activity
        self.report = report
    }

    /// nil where the stage was not ended.
    var ending: Ending? { state.withLock { $0.ending } }

    /// Notes that the stage has printed something.
    func notePrinted() { state.withLock { $0.printed = .now } }

    /// Notes a line, and the step in it.
    func note(step: String?) { state.withLock { $0.steps.note(step: step, at: .now) } }

    /// Notes that the stage saves something.
    func noteSaving() { state.withLock { $0.steps.noteSign(at: .now) } }

    /// Watches until it is cancelled or has ended the stage.
    func watch(_ child: ChildProcess) async throws {
        while true {
            try await Task.sleep(for: Self.interval)
            var ending = reached
            if ending == nil { ending = await noStep(of: child) }
            guard let ending else { continue }
            state.withLock { $0.ending = ending }
            switch ending {
            case .stall, .noStep: await report.run(on: child)
            case .timeout, .nonFinite: break
            }
            supervisor.endStage(child, SIGTERM)
            try await Task.sleep(for: Self.grace)
            return supervisor.endStage(child, SIGKILL)
        }
    }

    private func noStep(of child: ChildProcess) async -> Ending? {
        guard stage.watchesSteps else { return nil }
        let isQuiet = state.withLock { $0.steps.isQuiet(at: .now) }
        let idle = isQuiet ? await activity.idle(below: child.pid) : .zero
        return state.withLock { $0.steps.stall(at: .now, idle: idle) }.map { .noStep(Int($0.seconds)) }
    }

    private var reached: Ending? {
        if let loss = losses.lost { return .nonFinite(loss) }
        let now = ContinuousClock.now
        if let limit = stage.timeout, now - started >= .seconds(limit) { return .timeout(limit) }
        if let limit = stage.stall, now - state.withLock({ $0.printed }) >= .seconds(limit) { return .stall(limit) }
        return nil
    }
}
