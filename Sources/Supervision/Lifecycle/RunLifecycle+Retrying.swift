import ByteText
import POSIX
import RunContract
import SystemPackage

extension RunLifecycle {
    /// How often in a row a stage starts again for a passing cause, where `retries` says nothing.
    private static let retriesOfPassingCauses = 2

    /// Runs a stage, and again after a failure that another start may mend.
    ///
    /// Starts count that bring no new checkpoint: a stage that fails once a day may go on for ever, and one that fails at
    /// once is given up soon.
    func run(
        _ plan: StagePlan, _ session: RunContext, _ uploader: CheckpointUploader
    ) async throws(SupervisionError) {
        var plan = plan
        var failures = 0
        while true {
            do throws(SupervisionError) { return try await start(plan, session, uploader) } catch {
                guard supervisor.termination == nil, let kind = error.kind else { throw error }
                let most = Self.retries(of: plan.stage, after: kind)
                guard most > 0 else { throw error }
                let next = try await self.plan(after: kind, plan, session, uploader)
                failures = next.resume?.step ?? -1 > plan.resume?.step ?? -1 ? 1 : failures + 1
                guard failures <= most else { throw error }
                try await wait(for: next, error, failures, most)
                try await session.gpuMemory?.wait(before: "stage \(plan.stage.name)")
                plan = next
            }
        }
    }

    static func retries(of stage: Program.Stage, after kind: FailureClass) -> Int {
        switch kind.remedy {
        case .again: stage.retries ?? retriesOfPassingCauses
        case .asAsked: stage.retries ?? 0
        case .stop, .giveBack: 0
        }
    }

    private func wait(
        for plan: StagePlan, _ failure: SupervisionError, _ count: Int, _ most: Int
    ) async throws(SupervisionError) {
        let seconds = min(60, 5 << (count - 1))
        let place = plan.resume.map { "from checkpoint \(plan.stage.name)/\($0.step)" } ?? "from its beginning"
        log.say("\(failure.description)")
        log.say("stage \(plan.stage.name) starts again \(place) in \(seconds) s: retry \(count) of \(most)")
        runState.report(delay: failure.description, of: "stage \(plan.stage.name)")
        defer { runState.report(delay: nil, of: "stage \(plan.stage.name)") }
        do { try await Task.sleep(for: .seconds(seconds)) } catch { throw .stopped }
    }

    /// Returns how a stage that has failed here goes on: from its newest complete checkpoint, on the disk or in the bucket.
    ///
    /// A checkpoint that the stage could not read is not its newest one any more.
    private func plan(
        after kind: FailureClass, _ plan: StagePlan, _ session: RunContext, _ uploader: CheckpointUploader
    ) async throws(SupervisionError) -> StagePlan {
        guard let pattern = try session.pattern(of: plan.stage) else { return plan }
        let end = kind == .damagedCheckpoint ? plan.resume?.step ?? .max : .max
        // Not whatever lies on the disk: what the stage was writing when it ended may look complete.
        let known = (await uploader.complete[plan.stage.name] ?? [:]).values.filter { $0.step < end }
        let newest = await BlockingThread.run {
            known.sorted { $0.step > $1.step }.first {
                (try? $0.uploadFiles(below: pattern.root)).flatMap(\.self) != nil
            }
        }
        var resume = newest.map { pattern.resumePoint($0.step, $0.files.keys.map(\.text)) }
        let uploaded = (await uploader.verified[plan.stage.name] ?? []).filter { $0.step ?? 0 < end }
            .sorted { $0.order > $1.order }
        if let best = uploaded.first?.step, best > resume?.step ?? -1,
            let restored = try await Restorer(session: session).restore(uploaded, to: pattern.root)
        {
            resume = pattern.resumePoint(restored.step ?? 0, restored.files.map(\.path.description))
        }
        try moveTornAside(pattern, plan.stage, session, newerThan: resume?.step)
        return StagePlan(stage: plan.stage, isFinished: false, resume: resume)
    }
}
