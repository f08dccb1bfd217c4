package import RunContract
package import Secrets
import Synchronization
package import Timestamps

/// What everybody may know of a run: the page shows it, status.json is made of it.
package final class RunBoard: Sendable {
    /// One stage of the program.
    package struct StageProgress: Sendable, Hashable {
        /// What has become of a stage.
        package enum State: String, Sendable, Hashable { case waiting, running, finished, skipped, failed }

        /// The stage's name.
        package let name: String
        /// What has become of it.
        package var state: State
        /// When it began in this attempt.
        package var started: Timestamp?
        /// When it ended in this attempt.
        package var finished: Timestamp?
    }

    /// One value of a metric.
    package struct Point: Sendable, Hashable {
        /// The step at which it was read, or how many came before.
        package let x: Double
        /// The value.
        package let y: Double
    }

    /// Everything, as it was at one moment.
    package struct Snapshot: Sendable {
        /// What status.json says.
        package var status: RunStatus
        /// The program's stages in order.
        package var stages: [StageProgress]
        /// The newest values of each metric that is a number.
        package var series: [String: [Point]]
        /// Bytes that were uploaded in this attempt.
        package var uploadedBytes: Int64
        /// What is being uploaded, nil where nothing is.
        package var upload: String?
        /// How many checkpoints this attempt uploaded and verified.
        package var uploadedCheckpoints: Int
        /// True while the model answers.
        package var isServing: Bool
        /// How often the phase changed.
        var phaseChanges: Int
        /// What does not go on at the moment, and why.
        var delays: [String: String] = [:]
    }

    private static let mostPoints = 400

    private let state: Mutex<Snapshot>
    private let scrubber: Scrubber

    /// The board of a run that just began, on which these secrets never stand.
    package init(run: String, stages: [String], hiding secrets: some Sequence<Secret> = [Secret]()) {
        scrubber = Scrubber(secrets)
        state = Mutex(
            Snapshot(
                status: RunStatus(run: run, attempt: 0, instance: "", started: Timestamp.now().rfc3339),
                stages: stages.map { StageProgress(name: $0, state: .waiting) }, series: [:], uploadedBytes: 0,
                uploadedCheckpoints: 0, isServing: false, phaseChanges: 0))
    }

    /// Everything, now.
    package var snapshot: Snapshot { state.withLock { $0 } }
    /// What status.json says, now.
    package var status: RunStatus { state.withLock { $0.status } }
    var phaseChanges: Int { state.withLock { $0.phaseChanges } }

    /// Changes what status.json says.
    package func update(_ change: (inout RunStatus) -> Void) {
        state.withLock { state in
            let before = state.status
            change(&state.status)
            hideSecrets(in: &state.status, since: before)
            state.status.updated = Timestamp.now().rfc3339
            if (before.phase, before.stage) != (state.status.phase, state.status.stage) { state.phaseChanges += 1 }
        }
    }

    /// What failed is told with the words of others, among which a key may be.
    private func hideSecrets(in status: inout RunStatus, since before: RunStatus) {
        if status.reason != before.reason { status.reason = scrubber.scrubbed(status.reason) }
        if status.stage != before.stage { status.stage = status.stage.map(scrubber.scrubbed) }
        if status.metrics != before.metrics { status.metrics = status.metrics.mapValues(scrubber.scrubbed) }
        if status.checkpoints != before.checkpoints {
            status.checkpoints = status.checkpoints.map(scrubber.scrubbed)
        }
    }

    /// Notes why something does not go on, nil once it does; `reason` says it as long as the run has no failure to tell.
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

    /// Enters a phase.
    package func enter(_ phase: RunStatus.Phase) { update { $0.phase = phase } }

    /// Changes what is known besides.
    func note(_ change: (inout Snapshot) -> Void) {
        state.withLock { state in
            let before = (state.status, state.upload)
            change(&state)
            hideSecrets(in: &state.status, since: before.0)
            if state.upload != before.1 { state.upload = state.upload.map(scrubber.scrubbed) }
        }
    }

    /// Notes what has become of a stage.
    func stage(_ name: String, is new: StageProgress.State) {
        note { snapshot in
            guard let index = snapshot.stages.firstIndex(where: { $0.name == name }) else { return }
            snapshot.stages[index].state = new
            if new == .running { snapshot.stages[index].started = Timestamp.now() }
            if new != .running && new != .waiting { snapshot.stages[index].finished = Timestamp.now() }
        }
    }

    /// Notes values that the log named.
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
                points.append(Point(x: x, y: y))
                // Every other old point goes, so that the whole course stays visible.
                if points.count > Self.mostPoints {
                    let half = points.count / 2
                    points = stride(from: 0, to: half, by: 2).map { points[$0] } + points[half...]
                }
                state.series[name] = points
            }
        }
    }
}
