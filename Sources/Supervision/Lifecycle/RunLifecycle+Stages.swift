import CLinux
import POSIX
import RunContract
import Synchronization
import SystemPackage

extension RunLifecycle {
    /// Runs the unfinished stages one after the other.
    func runStages(
        _ session: RunContext, _ plans: [StagePlan], _ uploader: CheckpointUploader
    ) async throws(SupervisionError) {
        runState.enter(.stages)
        var hasRun = false
        for plan in plans {
            guard !plan.isFinished else {
                runState.stage(plan.stage.name, is: .skipped)
                continue
            }
            if hasRun { try await session.gpuMemory?.wait(before: "stage \(plan.stage.name)") }
            try await runOrGoOn(plan, session, uploader)
            hasRun = true
        }
    }

    /// Runs a stage; where it is optional, its failure is said, and the run goes on.
    private func runOrGoOn(
        _ plan: StagePlan, _ session: RunContext, _ uploader: CheckpointUploader
    ) async throws(SupervisionError) {
        do throws(SupervisionError) { try await run(plan, session, uploader) } catch {
            guard plan.stage.isOptional, !error.isPreemption, supervisor.termination == nil else { throw error }
            log.say("\(error.description); stage \(plan.stage.name) is optional, and the run goes on")
        }
    }

    /// Starts a stage once, and returns when it has succeeded.
    func start(
        _ plan: StagePlan, _ session: RunContext, _ uploader: CheckpointUploader
    ) async throws(SupervisionError) {
        let stage = plan.stage
        let command = try command(stage, session, from: plan.resume)
        runState.update { status in
            status.stage = stage.name
            status.step = plan.resume?.step
        }
        runState.stage(stage.name, is: .running)
        log.say("stage \(stage.name): \(command.arguments.joined(separator: " "))")
        let began = session.finished.now
        let end: StageEnd
        do throws(SupervisionError) { end = try await supervise(command, plan, session, uploader) } catch {
            runState.stage(stage.name, is: .failed)
            throw error
        }
        guard end.isSuccess, supervisor.termination == nil else {
            runState.stage(stage.name, is: .failed)
            throw supervisor.termination != nil ? .stopped : end.failure(of: stage.name)
        }
        let outputs = try await outputs(of: stage, session, began: began)
        if let missing = outputs.missing {
            runState.stage(stage.name, is: .failed)
            throw SupervisionError(
                .verification, "finish stage \(stage.name)",
                "it ended well, but left nothing that its output '\(missing.text)' names")
        }
        runState.stage(stage.name, is: .finished)
        log.say("stage \(stage.name) is finished")
        await uploader.addOutputs(outputs, stage: stage.name)
        do throws(POSIXError) { try session.finished.note(stage.name, began: began) } catch {
            log.say("a start on this disk runs stage \(stage.name) again: \(error)")
        }
    }

    /// Surveys what a stage left.
    func outputs(
        of stage: Program.Stage, _ session: RunContext, began: Int64
    ) async throws(SupervisionError) -> StageOutputs {
        let patterns = try patterns(of: stage, session)
        let artifacts = Array(try artifactFolders(session).values)
        let outputs = try await session.retry.run("look at what stage \(stage.name) left") {
            try await BlockingThread.run { () throws(POSIXError) in
                try StageOutputs(patterns, data: session.data, artifacts: artifacts, began: began)
            }
        }
        if let gap = outputs.gap, !stage.isOnce {
            log.say("a machine that has nothing of stage \(stage.name) must run it again: \(gap)")
        }
        return outputs
    }

    /// Runs the process, reads its output and scans for checkpoints until it has ended.
    private func supervise(
        _ command: ChildCommand, _ plan: StagePlan, _ session: RunContext, _ uploader: CheckpointUploader
    ) async throws(SupervisionError) -> StageEnd {
        let losses = LossWatch(most: plan.stage.nonFinite == 0 ? nil : plan.stage.nonFinite ?? 3)
        let scanner = try scanner(plan, session, uploader, losses)
        let memory = MemoryEvents.current()
        let child = try await supervisor.start(command)
        let limits = limits(of: plan.stage, session, losses, command.environment)
        let tail = StageTail()
        let printed = Atomic(0)
        let stream = log.stream(of: plan.stage.name) { [runState] line in
            printed.add(1, ordering: .relaxed)
            let values = session.metrics.values(in: line)
            losses.note(line)
            limits.note(step: values["step"])
            tail.add(line, isProgress: values["step"] != nil)
            runState.record(values)
        }
        let output = ChildOutput(of: child) { bytes in
            limits.notePrinted()
            stream(bytes)
        }
        let scanning = Task { await scanner?.run { limits.noteSaving() } }
        let limit = Task { try await limits.watch(child) }
        let status = await child.wait()
        if status.isSuccess {
            await StrayWatch(stage: plan.stage.name, supervisor: supervisor, log: log).wait {
                printed.load(ordering: .relaxed)
            }
        }
        limit.cancel()
        await StageCleanup(stage: plan.stage.name, supervisor: supervisor, log: log).run(after: child)
        await output.finish()
        supervisor.signal(child, SIGKILL)
        scanning.cancel()
        await scanning.value
        let end = StageEnd(
            status: status, ending: limits.ending, lines: tail.all,
            hasMemoryKill: MemoryEvents.current().has(killedSince: memory))
        try await scanner?.finish(end.isSuccess ? .success : .failure, patience: session.retry.patience)
        return end
    }

    private func limits(
        of stage: Program.Stage, _ session: RunContext, _ losses: LossWatch, _ environment: [String: String]
    ) -> StageLimits {
        let preflight = preflight(session.configuration)
        let activity = StageActivity(
            preflight, environment: environment, hasGPUs: !session.gpus.memories.isEmpty)
        return StageLimits(
            stage, losses: losses, supervisor: supervisor, activity: activity,
            report: StallReport(stage: stage.name, log: log, runner: preflight.runner, environment: environment))
    }

    private func scanner(
        _ plan: StagePlan, _ session: RunContext, _ uploader: CheckpointUploader, _ losses: LossWatch
    ) throws(SupervisionError) -> CheckpointScanner? {
        guard let pattern = try session.pattern(of: plan.stage) else { return nil }
        // Restored checkpoints are in the bucket; a later attempt does not need older ones.
        let present = CheckpointTracker(pattern).candidates(in: FolderScan(pattern.root).files)
        let known = present.filter { $0.step <= plan.resume?.step ?? -1 }
        return CheckpointScanner(
            pattern, stage: plan.stage.name, known: known, uploader: uploader, losses: losses, log: log,
            runState: runState)
    }

    /// Returns a stage's command with its variables expanded.
    func command(
        _ stage: Program.Stage, _ session: RunContext, from resume: ResumePoint?
    ) throws(SupervisionError) -> ChildCommand {
        let variables = try session.stages.variables(of: stage)
        var arguments: [String] = []
        for text in stage.run { arguments.append(try StageEnvironment.expand(text) { variables[$0] }) }
        var environment = session.stages.process(variables)
        if let resume {
            let own = ["RESUME_STEP": String(resume.step), "RESUME_PATH": resume.path.string]
            environment.merge(own) { $1 }
            for text in stage.resume {
                arguments.append(try StageEnvironment.expand(text) { own[$0] ?? variables[$0] })
            }
        }
        return ChildCommand(
            arguments, environment: environment, workdir: try workdir(session.program, variables))
    }

    /// Returns a stage's output patterns with their variables expanded.
    func patterns(of stage: Program.Stage, _ session: RunContext) throws(SupervisionError) -> [GlobPattern] {
        try Self.patterns(stage.outputs, try session.stages.variables(of: stage)) { "use the output '\($0)'" }
    }

    /// Expands patterns of paths below the data folder.
    ///
    /// `action` returns the action that the error about an invalid pattern names.
    static func patterns(
        _ texts: [String], _ variables: [String: String], _ action: (String) -> String
    ) throws(SupervisionError) -> [GlobPattern] {
        var patterns: [GlobPattern] = []
        for text in texts {
            let pattern = GlobPattern(try StageEnvironment.expand(text) { variables[$0] })
            guard !pattern.escapes else {
                throw SupervisionError(.configuration, action(pattern.text), "it leaves the data folder")
            }
            patterns.append(pattern)
        }
        return patterns
    }
}
