import HTTP
import JSON
import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage
import Timestamps

extension Journey {
    /// The preflight, and the taking over of the run.
    func begin(_ configuration: RunConfiguration) async throws(SupervisionError) -> RunSession {
        board.enter(.preflight)
        let metrics = try MetricReader(configuration.program.metrics)
        let instance = RunOwnership.makeInstance()
        let data = try dataFolder(configuration)
        let run = try runID(configuration, data: data)
        board.update { $0.run = run.description }
        log.say("run \(run), program \(configuration.program.name)")
        let layout = BucketLayout(prefix: configuration.prefix, run: run)
        let store = try store(configuration, data: data)
        let preflight = Preflight(
            configuration: configuration, store: store, runner: CommandRunner(supervisor: supervisor, log: log),
            log: log)
        try await preflight.checkBucket(layout.probe(instance: instance))
        var stages = configuration.stages
        stages.provided = ["RUN_ID": run.description, "DATA": data.string, "ATTEMPT": "0"]
        let gpus = try await preflight.inventory(stages.process(try stages.programVariables()))
        stages.provided["GPU_COUNT"] = String(gpus.memories.count)
        stages.provided["RANKS"] = String(max(1, gpus.memories.count))
        let variables = try stages.programVariables()
        try await preflight.checkMachine(
            gpus, variables: variables, environment: stages.process(variables),
            workdir: try workdir(configuration.program, variables))
        let ownership = RunOwnership(store, layout: layout, board: board)
        let attempt = try await ownership.claim(instance: instance)
        stages.provided["ATTEMPT"] = String(attempt)
        let session = RunSession(
            configuration: configuration, store: store,
            limits: (store as? S3Client)?.limits ?? (store as? FileStore)?.limits,
            layout: layout, run: run,
            attempt: attempt, data: data, stages: stages, log: log, board: board, metrics: metrics,
            notes: UploadNotes(data.appending(".caas/checkpoints"), run: run.description, log: log))
        log.say("attempt \(attempt)")
        try checkTemplates(session)
        report(session, ownership)
        return session
    }

    /// Everything that a template may lack is found before the first stage, not hours later.
    private func checkTemplates(_ session: RunSession) throws(SupervisionError) {
        for stage in session.program.stages {
            _ = try command(stage, session, resumeStep: stage.resume.isEmpty ? nil : 0)
            _ = try session.pattern(of: stage)
            let variables = try session.stages.variables(of: stage)
            for text in stage.outputs { _ = try StageEnvironment.expand(text) { variables[$0] } }
        }
        if session.configuration.keepsServing, let server = session.program.serve {
            _ = try command(server, session, port: 0)
        }
        _ = try artifactFolders(session)
    }

    private func report(_ session: RunSession, _ ownership: RunOwnership) {
        let logs = LogUpload(session.store, layout: session.layout, attempt: session.attempt, log: log)
        let reporter = StatusReporter(ownership, logs: logs, board: board, log: log)
        let task = Task { [self] in
            await reporter.run {
                luggage.withLock { $0.isSuperseded = true }
                log.say("another container has taken the run over; this one stops")
                supervisor.requestTermination()
            }
        }
        luggage.withLock { luggage in
            luggage.session = session
            luggage.ownership = ownership
            luggage.logs = logs
            luggage.reporter = task
            luggage.uploader = CheckpointUploader(session)
        }
    }

    /// The bucket, used so that training hardly feels it: uploads have what it leaves of processors, disk and memory.
    private func store(_ configuration: RunConfiguration, data: FilePath) throws(SupervisionError) -> any ObjectStore {
        var settings = HTTPClient.Configuration()
        // The layer brings its own certificates, since an image may have none.
        if FileSystem.exists("/.caas/ca.pem") { settings.certificates.authorities = "/.caas/ca.pem" }
        if let certificates = configuration.certificates { settings.certificates.authorities = certificates }
        settings.userAgent = "caas-entrypoint"
        settings.isBackground = true
        // Besides the parts of a drain, the status and the log must get through.
        settings.connectionsPerHost = RunSession.partsInDrain + 8
        var options = S3Client.Options()
        options.isBackground = true
        options.mostPartsAtOnce = RunSession.partsInTraining
        options.journal = data.appending(".caas/uploads")
        options.notice = { [log] line in log.say(line) }
        do throws(StorageError) {
            let store = try configuration.location.open(
                credentials: configuration.credentials, client: HTTPClient(settings), policy: RetryPolicy(attempts: 5),
                options: options)
            (store as? S3Client)?.limits.bytesPerSecond = configuration.uploadBytesPerSecond
            return store
        } catch { throw SupervisionError(status: ExitCode.configuration.rawValue, error.message) }
    }

    private func dataFolder(_ configuration: RunConfiguration) throws(SupervisionError) -> FilePath {
        var stages = configuration.stages
        stages.provided = ["DATA": ""]
        if let run = configuration.runID { stages.provided["RUN_ID"] = run.description }
        let sent = departure.environment.variables
        let text = try StageEnvironment.expand(configuration.program.data) { name in
            stages.provided[name] ?? sent[name] ?? configuration.program.imageEnvironment[name]
        }
        guard text.hasPrefix("/") else {
            throw SupervisionError(.configuration, "use the data folder '\(text)'", "it is not absolute")
        }
        do throws(POSIXError) { try FileSystem.makeFolder(FilePath(text).appending(".caas")) } catch {
            throw SupervisionError(status: ExitCode.preflight.rawValue, "\(error)")
        }
        return FilePath(text)
    }

    /// The name that the deployment gave, or one that is kept beside the data so that a restart finds it.
    private func runID(_ configuration: RunConfiguration, data: FilePath) throws(SupervisionError) -> RunID {
        if let run = configuration.runID { return run }
        let file = data.appending(".caas/run-id")
        do {
            if FileSystem.exists(file) {
                let text = String(decoding: try FileSystem.read(file, limit: 4096), as: UTF8.self)
                return try RunID(text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "")
            }
            let run = try RunID("\(configuration.program.name)-\(Timestamp.now().compact)")
            try FileSystem.write(Array("\(run)\n".utf8), to: file, sync: true)
            return run
        } catch { throw SupervisionError(status: ExitCode.configuration.rawValue, "\(error)") }
    }

    /// Where commands run: what the program says, else where PID 1 was started.
    func workdir(_ program: Program, _ variables: [String: String]) throws(SupervisionError) -> String {
        guard let template = program.workdir else { return departure.workdir }
        let text = try StageEnvironment.expand(template) { variables[$0] }
        return text.hasPrefix("/") ? text : departure.workdir + "/" + text
    }

    /// complete.json, where it is there and everything that it names is too.
    func completion(_ session: RunSession) async throws(SupervisionError) -> CompletionRecord? {
        do throws(StorageError) {
            guard let bytes = try await session.store.get(session.layout.completion, limit: 64 << 20) else {
                return nil
            }
            guard let json = try? JSONValue(parsing: bytes), let record = try? CompletionRecord(json: json),
                record.run == session.run.description
            else {
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
