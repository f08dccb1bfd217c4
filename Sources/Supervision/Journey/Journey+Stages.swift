import CLinux
import RunContract
import Synchronization
import SystemPackage

extension Journey {
    /// Runs what is not finished yet, one stage after the other.
    func runStages(_ session: RunSession, _ plans: [StagePlan]) async throws(SupervisionError) {
        board.enter(.stages)
        for plan in plans {
            if plan.isFinished {
                board.stage(plan.stage.name, is: .skipped)
            } else {
                try await run(plan, session)
            }
        }
    }

    private func run(_ plan: StagePlan, _ session: RunSession) async throws(SupervisionError) {
        let stage = plan.stage
        let command = try command(stage, session, resumeStep: plan.resumeStep)
        board.update { status in
            status.stage = stage.name
            status.step = plan.resumeStep
        }
        board.stage(stage.name, is: .running)
        log.say("stage \(stage.name): \(command.arguments.joined(separator: " "))")
        let outcome: (status: ExitStatus, isTimeout: Bool)
        do throws(SupervisionError) { outcome = try await supervise(command, plan, session) } catch {
            board.stage(stage.name, is: .failed)
            throw error
        }
        guard outcome.status.isSuccess, !outcome.isTimeout, supervisor.termination == nil else {
            board.stage(stage.name, is: .failed)
            if supervisor.termination != nil { throw .stopped }
            if outcome.isTimeout {
                throw SupervisionError(
                    status: 124, "stage \(stage.name) took longer than its \(stage.timeout ?? 0) s and was ended")
            }
            throw SupervisionError(
                status: outcome.status.code, "stage \(stage.name) ended with \(outcome.status)")
        }
        board.stage(stage.name, is: .finished)
        log.say("stage \(stage.name) is finished")
        await luggage.withLock { $0.uploader }?.addOutputs(try outputs(of: stage, session), stage: stage.name)
    }

    /// Runs the process, reads what it prints and looks for its checkpoints, until it has ended.
    private func supervise(
        _ command: ChildCommand, _ plan: StagePlan, _ session: RunSession
    ) async throws(SupervisionError) -> (ExitStatus, isTimeout: Bool) {
        let scanner = try scanner(plan, session)
        let child = try await supervisor.start(command)
        let output = ChildOutput(
            of: child,
            receive: log.stream(of: plan.stage.name) { [board] line in
                board.record(session.metrics.values(in: line))
            })
        let scanning = Task { await scanner?.run() }
        let isTimeout = Mutex(false)
        let limit = Task { [supervisor] in
            guard let seconds = plan.stage.timeout else { return }
            try await Task.sleep(for: .seconds(seconds))
            isTimeout.withLock { $0 = true }
            supervisor.signal(child, SIGTERM)
            try await Task.sleep(for: .seconds(15))
            supervisor.signal(child, SIGKILL)
        }
        let status = await child.wait()
        limit.cancel()
        // Helpers of a stage that outlive it would hold the GPUs and the output.
        supervisor.signal(child, SIGTERM)
        await output.finish()
        supervisor.signal(child, SIGKILL)
        scanning.cancel()
        await scanning.value
        let isOver = isTimeout.withLock { $0 }
        await scanner?.scan(ending: status.isSuccess && !isOver ? .success : .failure)
        return (status, isOver)
    }

    private func scanner(_ plan: StagePlan, _ session: RunSession) throws(SupervisionError) -> CheckpointScanner? {
        guard let uploader = luggage.withLock({ $0.uploader }), let pattern = try session.pattern(of: plan.stage) else {
            return nil
        }
        // What was restored is in the bucket; what is older is of no more use to a later attempt.
        let present = CheckpointTracker(pattern, known: []).candidates(in: FolderScan.files(below: pattern.root))
        let known = Set(present.map(\.step).filter { $0 <= plan.resumeStep ?? -1 })
        return CheckpointScanner(pattern, stage: plan.stage.name, known: known, uploader: uploader, log: log)
    }

    /// A stage's command with its variables filled in.
    func command(
        _ stage: Program.Stage, _ session: RunSession, resumeStep: Int?
    ) throws(SupervisionError) -> ChildCommand {
        let variables = try session.stages.variables(of: stage)
        var arguments: [String] = []
        for text in stage.run { arguments.append(try StageEnvironment.expand(text) { variables[$0] }) }
        var environment = session.stages.process(variables)
        if let resumeStep {
            environment["RESUME_STEP"] = String(resumeStep)
            for text in stage.resume {
                arguments.append(
                    try StageEnvironment.expand(text) { $0 == "RESUME_STEP" ? String(resumeStep) : variables[$0] })
            }
        }
        return ChildCommand(
            arguments, environment: environment, workdir: try workdir(session.program, variables))
    }

    private func outputs(
        of stage: Program.Stage, _ session: RunSession
    ) throws(SupervisionError) -> [String: FilePath] {
        let variables = try session.stages.variables(of: stage)
        var files: [String: FilePath] = [:]
        for text in stage.outputs {
            let expanded = try StageEnvironment.expand(text) { variables[$0] }
            let pattern = GlobPattern(expanded)
            guard !pattern.escapes else {
                throw SupervisionError(.configuration, "use the output '\(expanded)'", "it leaves the data folder")
            }
            let found = pattern.files(below: session.data)
            if found.isEmpty { log.say("stage \(stage.name) left nothing that its output '\(expanded)' names") }
            files.merge(found) { first, _ in first }
        }
        return files
    }
}
