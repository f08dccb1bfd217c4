package import RunContract
package import Secrets
import Synchronization
package import Timestamps

/// The public state of a run, without secrets, from which the page and status.json are made.
package final class RunState: Sendable {
    /// The state of one stage of the program, with its times in this attempt.
    package struct StageProgress: Sendable, Hashable {
        package enum State: String, Sendable, Hashable { case waiting, running, finished, skipped, failed }

        package let name: String
        package var state: State
        /// Start time in this attempt.
        package var started: Timestamp?
        /// End time in this attempt.
        package var finished: Timestamp?
    }

    /// One value of a metric.
    package struct Point: Sendable, Hashable {
        /// The step at which it was read, or the previous point's x plus 1 if the log names no step.
        package let x: Double
        package let y: Double
        /// When it was read, in seconds since 1970.
        var seconds = 0
    }

    /// A phase of this attempt with its times.
    struct PhaseProgress: Sendable, Hashable {
        let phase: RunStatus.Phase
        let started: Timestamp
        var finished: Timestamp?
    }

    /// A checkpoint that this attempt uploaded and verified.
    struct SafeCheckpoint: Sendable, Hashable {
        let stage: String
        let step: Int
        let bytes: Int64
        let time: Timestamp
    }

    /// The whole state at one moment.
    package struct Snapshot: Sendable {
        /// The content of status.json.
        package var status: RunStatus
        /// The program's stages in order.
        package var stages: [StageProgress]
        /// The newest values of each numeric metric.
        package var series: [String: [Point]]
        /// How many values of each metric were recorded, those that ``series`` no longer has included.
        var recorded: [String: Int] = [:]
        /// The phases of this attempt in order.
        var phases: [PhaseProgress] = []
        /// The newest checkpoints that this attempt verified in the bucket, in the order of their uploads.
        var safe: [SafeCheckpoint] = []
        /// What the machine does, nil while nobody looks at the page.
        var machine: MachineSample?
        /// What an hour costs in dollars, nil where it is not known.
        var priceUSDPerHour: Double?
        /// What ends the run if nothing else does, nil for nothing.
        var limit: String?
        /// Bytes uploaded in this attempt.
        package var uploadedBytes: Int64
        /// A description of the current upload, nil without one.
        package var upload: String?
        /// The number of checkpoints that this attempt uploaded and verified.
        package var uploadedCheckpoints: Int
        /// True while the model answers.
        package var isServing: Bool
        /// The number of phase and stage changes.
        var phaseChanges: Int
        /// Reasons for current delays, by what is delayed.
        var delays: [String: String] = [:]
    }

    private static let mostPoints = 400

    private let state: Mutex<Snapshot>
    private let viewers = Atomic(0)
    private let scrubber: Scrubber

    /// Creates the board of a run that has just begun; it hides these secrets.
    package init(run: String, stages: [String], hiding secrets: some Sequence<Secret> = [Secret]()) {
        scrubber = Scrubber(secrets)
        state = Mutex(
            Snapshot(
                status: RunStatus(run: run, attempt: 0, instance: "", started: Timestamp.now().rfc3339),
                stages: stages.map { StageProgress(name: $0, state: .waiting) }, series: [:], uploadedBytes: 0,
                uploadedCheckpoints: 0, isServing: false, phaseChanges: 0))
    }

    /// The current state.
    package var snapshot: Snapshot { state.withLock { $0 } }
    /// The current content of status.json.
    package var status: RunStatus { state.withLock { $0.status } }
    var phaseChanges: Int { state.withLock { $0.phaseChanges } }

    /// Changes the content of status.json.
    package func update(_ change: (inout RunStatus) -> Void) {
        state.withLock { state in
            let before = state.status
            change(&state.status)
            hideSecrets(in: &state.status, since: before)
            state.status.updated = Timestamp.now().rfc3339
            state.note(phase: state.status.phase)
            if (before.phase, before.stage) != (state.status.phase, state.status.stage) { state.phaseChanges += 1 }
        }
    }

    /// Replaces secrets: error messages quote output of other programs, which may contain a key.
    private func hideSecrets(in status: inout RunStatus, since before: RunStatus) {
        if status.reason != before.reason { status.reason = scrubber.scrubbed(status.reason) }
        if status.stage != before.stage { status.stage = status.stage.map(scrubber.scrubbed) }
        if status.metrics != before.metrics { status.metrics = status.metrics.mapValues(scrubber.scrubbed) }
        if status.checkpoints != before.checkpoints {
            status.checkpoints = status.checkpoints.map(scrubber.scrubbed)
        }
    }

    /// Reports why `subject` is delayed, nil once it continues.
    ///
    /// The status shows delays as its `reason` unless that holds a failure.
    func report(delay reason: String?, of subject: String) {
        let (reason, subject) = (reason.map(scrubber.scrubbed), scrubber.scrubbed(subject))
        state.withLock { state in
            guard state.delays[subject] != reason else { return }
            let told = Self.text(of: state.delays)
            state.delays[subject] = reason
            guard state.status.reason == told else { return }
            state.status.reason = Self.text(of: state.delays)
            state.status.updated = Timestamp.now().rfc3339
        }
    }

    private static func text(of delays: [String: String]) -> String {
        delays.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
    }

    /// True while somebody looks at the page.
    var isWatched: Bool { viewers.load(ordering: .relaxed) > 0 }

    /// Sets how many look at the page.
    func setViewers(_ count: Int) { viewers.store(count, ordering: .relaxed) }

    package func enter(_ phase: RunStatus.Phase) { update { $0.phase = phase } }

    /// Changes other parts of the state.
    func note(_ change: (inout Snapshot) -> Void) {
        state.withLock { state in
            let before = (state.status, state.upload)
            change(&state)
            hideSecrets(in: &state.status, since: before.0)
            if state.upload != before.1 { state.upload = state.upload.map(scrubber.scrubbed) }
        }
    }

    /// Sets the state of a stage, with the current time as its start or end.
    func stage(_ name: String, is new: StageProgress.State) {
        note { snapshot in
            guard let index = snapshot.stages.firstIndex(where: { $0.name == name }) else { return }
            snapshot.stages[index].state = new
            if new == .running { snapshot.stages[index].started = Timestamp.now() }
            if new != .running && new != .waiting { snapshot.stages[index].finished = Timestamp.now() }
        }
    }

    /// Records metric values that were read from the log.
    func record(_ values: [String: String]) {
        guard !values.isEmpty else { return }
        let values = values.mapValues(scrubber.scrubbed)
        state.withLock { state in
            state.status.metrics.merge(values) { _, new in new }
            if let step = values["step"].flatMap(MetricNumber.whole) { state.status.step = step }
            for (name, text) in values where name != "step" {
                guard let y = MetricNumber.value(text) else { continue }
                var points = state.series[name] ?? []
                let x = values["step"].flatMap(MetricNumber.value) ?? Double((points.last?.x ?? 0) + 1)
                points.append(Point(x: x, y: y, seconds: Timestamp.now().seconds))
                state.recorded[name, default: 0] += 1
                // Drop every other point of the older half, so that the whole curve remains visible.
                if points.count > Self.mostPoints {
                    let half = points.count / 2
                    points = stride(from: 0, to: half, by: 2).map { points[$0] } + points[half...]
                }
                state.series[name] = points
            }
        }
    }
}

extension RunState.Snapshot {
    /// Notes that a phase is under way, which ends the one before.
    fileprivate mutating func note(phase: RunStatus.Phase) {
        guard phases.last?.phase != phase else { return }
        let now = Timestamp.now()
        if !phases.isEmpty { phases[phases.count - 1].finished = now }
        phases.append(RunState.PhaseProgress(phase: phase, started: now))
    }
}
