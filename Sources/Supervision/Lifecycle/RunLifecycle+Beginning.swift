import ByteText
import HTTP
import JSON
import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage
import Timestamps

extension RunLifecycle {
    /// Takes over the run as soon as the bucket answers, so that all later failures can be reported there.
    func claim() async throws(SupervisionError) -> ClaimedRun {
        runState.enter(.preflight)
        let environment = start.environment
        _ = try SpendingLimits(environment)
        let place = try RunPlace(environment)
        let instance = RunOwnership.makeInstance()
        let data = dataFolder(of: place.runID)
        let run = try runID(place, data: data)
        runState.update { $0.run = run.description }
        log.say("run \(run)")
        let layout = BucketLayout(prefix: place.prefix, run: run)
        let store = try store(place, data: try? data.get())
        try await BucketCheck(place.location, store, log: log).run(layout.probe(instance: instance))
        let ownership = RunOwnership(store, layout: layout, runState: runState)
        let (attempt, spent) = try await ownership.claim(instance: instance)
        log.say("attempt \(attempt)")
        let reporting = report(LogUpload(store, layout: layout, attempt: attempt, log: log), ownership)
        enter(.claimed(reporting))
        spending?.add(spent: spent)
        try spending?.check()
        return ClaimedRun(run: run, attempt: attempt, layout: layout, store: store, reporting: reporting)
    }

    /// Completes the start of the run, from the program and the environment.
    func begin(_ claimed: ClaimedRun) async throws(SupervisionError) -> RunContext {
        let program = try start.program.get()
        let configuration = try RunConfiguration(program: program, inherited: start.environment)
        let data = try dataFolder(of: claimed.run).get()
        log.say("program \(program.name)")
        claimed.limits.bytesPerSecond = configuration.uploadBytesPerSecond
        var stages = configuration.stages
        stages.provided = [
            "RUN_ID": claimed.run.description, "DATA": data.string, "ATTEMPT": String(claimed.attempt),
        ]
        let environment = stages.process(try stages.programVariables())
        let gpus = try await preflight(configuration).inventory(environment)
        let gpuMemory = try await gpuMemory(gpus, configuration, environment)
        stages.provided["GPU_COUNT"] = String(gpus.memories.count)
        stages.provided["RANKS"] = String(max(1, gpus.memories.count))
        let session = RunContext(
            configuration: configuration, store: claimed.store, limits: claimed.limits,
            layout: claimed.layout, ownership: claimed.reporting.ownership, run: claimed.run, attempt: claimed.attempt,
            data: data, stages: stages, gpus: gpus, gpuMemory: gpuMemory,
            log: log, runState: runState, metrics: try MetricReader(program.metrics),
            notes: PendingUploads(
                ReservedPaths.Data.checkpoints(in: data),
                pins: CheckpointPins(folder: ReservedPaths.Data.pinned(in: data)), run: claimed.run.description,
                root: claimed.layout.root,
                log: log),
            finished: FinishedStages(
                ReservedPaths.Data.finished(in: data), run: claimed.run.description, image: configuration.image))
        try checkTemplates(session)
        return session
    }

    /// Returns the watch on the memory of the GPUs, nil for a machine without any.
    private func gpuMemory(
        _ gpus: GPUInventory, _ configuration: RunConfiguration, _ environment: [String: String]
    ) async throws(SupervisionError) -> GPUMemoryWatch? {
        guard !gpus.memories.isEmpty else { return nil }
        let preflight = preflight(configuration)
        let before = try await preflight.inventory(environment, query: GPUMemoryWatch.query).memories
        return GPUMemoryWatch(preflight: preflight, environment: environment, before: before, log: log)
    }

    /// Checks the machine's resources before training; a machine that only serves is not checked.
    func checkMachine(_ session: RunContext) async throws(SupervisionError) {
        let variables = try session.stages.programVariables()
        try await preflight(session.configuration).checkMachine(
            session.gpus, variables: variables, environment: session.stages.process(variables),
            workdir: try workdir(session.program, variables))
    }

    func preflight(_ configuration: RunConfiguration) -> Preflight {
        Preflight(
            configuration: configuration, runner: CommandRunner(supervisor: supervisor, log: log), log: log)
    }

    /// Finds every invalid template before the first stage, not hours later.
    private func checkTemplates(_ session: RunContext) throws(SupervisionError) {
        for stage in session.program.stages {
            _ = try command(stage, session, from: ResumePoint(step: 0, path: session.data))
            _ = try session.pattern(of: stage)
            let variables = try session.stages.variables(of: stage)
            for text in stage.outputs { _ = try StageEnvironment.expand(text) { variables[$0] } }
        }
        if session.configuration.keepsServing, let server = session.program.serve {
            _ = try command(server, session, port: 0)
            _ = try servingNeeds(session)
        }
        _ = try artifactFolders(session)
    }

    /// Starts to write the status and the log to the bucket.
    private func report(_ logs: LogUpload, _ ownership: RunOwnership) -> RunReporting {
        let reporter = StatusReporter(ownership, logs: logs, runState: runState, log: log)
        let task = Task { [self] in
            await reporter.run {
                enter(.superseded)
                log.say("another container has taken the run over; this one stops")
                supervisor.requestTermination()
            }
        }
        return RunReporting(ownership: ownership, logs: logs, task: task)
    }

    /// Opens the bucket; uploads use only the processor, disk and memory resources that the training leaves.
    private func store(_ place: RunPlace, data: FilePath?) throws(SupervisionError) -> any ObjectStore {
        var settings = HTTPClient.Configuration()
        // The entrypoint layer contains its own CA certificates, since an image may have none.
        let authorities = FilePath(ReservedPaths.Image.authorities)
        if FileSystem.exists(authorities) { settings.certificates.authorities = authorities }
        if let certificates = place.certificates { settings.certificates.authorities = certificates }
        settings.userAgent = "caas-entrypoint"
        settings.isBackground = true
        // The status and the log must get through in addition to the parts of a drain.
        settings.connectionsPerHost = RunContext.partsInDrain + 8
        var options = S3Client.Options()
        options.isBackground = true
        options.mostPartsAtOnce = RunContext.partsInTraining
        options.journal = data.map { ReservedPaths.Data.uploads(in: $0) }
        options.notice = { [log] line in log.say(line) }
        do throws(StorageError) {
            return try place.location.open(
                credentials: place.credentials, client: HTTPClient(settings), policy: RetryPolicy(attempts: 5),
                options: options)
        } catch { throw SupervisionError(status: RunExit.configuration.rawValue, error.message) }
    }

    /// Creates and returns the program's data folder, or returns why it is unusable.
    private func dataFolder(of run: RunID?) -> Result<FilePath, SupervisionError> {
        do throws(SupervisionError) {
            let program = try start.program.get()
            let sent = start.environment.variables
            let text = try StageEnvironment.expand(program.data) { name in
                switch name {
                case "DATA": ""
                case "RUN_ID": run?.description
                default: sent[name] ?? program.imageEnvironment[name]
                }
            }
            guard text.hasPrefix(bytes: "/") else {
                throw SupervisionError(.configuration, "use the data folder '\(text)'", "it is not absolute")
            }
            do throws(POSIXError) {
                try FileSystem.makeFolder(FilePath(text).appending(ReservedPaths.Data.folder))
            } catch {
                throw SupervisionError(status: RunExit.preflight.rawValue, "\(error)")
            }
            return .success(FilePath(text))
        } catch { return .failure(error) }
    }

    /// Returns the deployment's run ID, or one that is stored in the data folder so that a restart finds it.
    private func runID(_ place: RunPlace, data: Result<FilePath, SupervisionError>) throws(SupervisionError) -> RunID {
        if let run = place.runID { return run }
        let file = ReservedPaths.Data.runID(in: try data.get())
        let name = try start.program.get().name
        do {
            if FileSystem.exists(file) {
                let text = String(decoding: try FileSystem.read(file, limit: 4096), as: UTF8.self)
                return try RunID(text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "")
            }
            let run = try RunID("\(name)-\(Timestamp.now().compact)")
            try FileSystem.write(Array("\(run)\n".utf8), to: file, sync: true)
            return run
        } catch { throw SupervisionError(status: RunExit.configuration.rawValue, "\(error)") }
    }

    /// Returns the working directory of commands: the program's, else that of PID 1 at its start.
    func workdir(_ program: Program, _ variables: [String: String]) throws(SupervisionError) -> String {
        guard let template = program.workdir else { return start.workdir }
        let text = try StageEnvironment.expand(template) { variables[$0] }
        return text.hasPrefix(bytes: "/") ? text : start.workdir + "/" + text
    }

    /// Reads complete.json; returns nil if it is missing or unreadable, or if an object that it names is not verified.
    func completion(_ session: RunContext) async throws(SupervisionError) -> CompletionRecord? {
        do {
            let found = try await session.store.document(session.layout.completion, limit: 64 << 20) {
                (json) in try CompletionRecord(json: json, below: session.layout.root)
            }
            guard let found else { return nil }
            guard case .success(let record) = found, record.run == session.run.description else {
                log.say("complete.json is there but cannot be read; the run goes on as if it were not")
                return nil
            }
            for file in record.artifacts.flatMap(\.files) where try await !session.store.verify(file.object) {
                log.say("complete.json names \(file.key), which is not what was uploaded; the run goes on")
                return nil
            }
            return record
        } catch { throw Restorer.failure(error) }
    }
}
