import ByteText
import ObjectStorage
import JSON
import POSIX
import RunContract
import SystemPackage
import Timestamps
import Wording

/// Uploads checkpoints and outputs during training, one at a time, and tracks which checkpoints the bucket holds.
///
/// The newest checkpoint comes first. If a trainer saves faster than the network, it deletes its old checkpoints
/// meanwhile. An uploader that took the oldest first would always be uploading one that is about to be deleted.
actor CheckpointUploader {
    let store: any ObjectStore
    let layout: BucketLayout
    private let attempt: Int
    private let image: String
    let log: RunLog
    let runState: RunState
    private let notes: PendingUploads
    private let sent: SentFiles
    private let patience: UrgencyPolicy
    private let standstill: StandstillWatch
    private var queue: [UploadJob] = []
    private var current: UploadJob?
    private var worker: Task<Void, Never>?
    private var failingSince: ContinuousClock.Instant?
    private var lastFailure = ""
    /// The manifest that may be in the bucket, since its upload began and had no answer.
    private var unanswered: FolderManifest?
    /// The checkpoints that are verified in the bucket, by stage.
    var verified: [String: [FolderManifest]] = [:]
    /// The files on this disk whose content is verified in the bucket, by stage and step.
    var safe: [String: [Int: [ExactText: FileSnapshot]]] = [:]
    /// The checkpoints that were found complete on this disk, by stage and step, whether they are uploaded or not.
    private(set) var complete: [String: [Int: LocalCheckpoint]] = [:]
    /// The stages for which the log already says that checkpoints arrive faster than they are uploaded.
    private var behind: Set<String> = []
    /// How often this attempt has saved each step, by stage.
    private var saves: [String: [Int: Int]] = [:]

    init(_ session: RunContext) {
        store = session.store
        layout = session.layout
        attempt = session.attempt
        image = session.configuration.image
        log = session.log
        runState = session.runState
        notes = session.notes
        sent = session.sent
        patience = UrgencyPolicy(limits: session.limits, log: session.log)
        standstill = session.standstill
    }

    /// Adds checkpoints that earlier attempts uploaded, and those of them that are on this disk.
    func know(_ manifests: [FolderManifest], of stage: String, onDisk: [LocalCheckpoint]) {
        verified[stage] = manifests
        for checkpoint in onDisk {
            safe[stage, default: [:]][checkpoint.step] = checkpoint.files
            note(checkpoint, of: stage)
        }
    }

    /// Notes that a checkpoint was found complete.
    func note(_ checkpoint: LocalCheckpoint, of stage: String) {
        complete[stage, default: [:]][checkpoint.step] = checkpoint
    }

    /// Queues a checkpoint and writes its note.
    func add(_ checkpoint: LocalCheckpoint, _ pattern: CheckpointPattern, stage: String) async {
        let save = saves[stage, default: [:]][checkpoint.step, default: 0] + 1
        saves[stage, default: [:]][checkpoint.step] = save
        let note = notes.make(checkpoint, stage: stage, attempt: attempt, save: save)
        // First of all: the trainer may delete its files at any moment.
        let pin = await pin(note, pattern)
        self.note(checkpoint, of: stage)
        log.say("checkpoint \(stage)/\(checkpoint.step) is complete: \(ByteCount(checkpoint.size))")
        await notes.write(note)
        await enqueue(checkpoint, note, pin, pattern, stage: stage)
    }

    /// Queues a checkpoint that has a note of an earlier attempt; does not repeat its finished uploads.
    func goOn(_ note: PendingUpload, _ pattern: CheckpointPattern, stage: String) async {
        guard let checkpoint = note.checkpoint else { return }
        self.note(checkpoint, of: stage)
        await enqueue(checkpoint, note, await pin(note, pattern), pattern, stage: stage)
    }

    private func pin(_ note: PendingUpload, _ pattern: CheckpointPattern) async -> CheckpointPin? {
        await BlockingThread.run { [notes] in notes.pins.pin(note, below: pattern.root) }
    }

    /// Queues a checkpoint, which its trainer may delete from now on where it is pinned.
    ///
    /// Only the newest checkpoint of a stage is kept so while it waits: a trainer that saves faster than the network
    /// takes would fill the disk otherwise.
    private func enqueue(
        _ checkpoint: LocalCheckpoint, _ note: PendingUpload, _ pin: CheckpointPin?, _ pattern: CheckpointPattern,
        stage: String
    ) async {
        let folder = layout.checkpoint(stage: stage, step: checkpoint.step, attempt: note.attempt, save: note.save)
        let upload = FolderUpload(store, to: folder, sent: sent, done: note.done) { [notes] records in
            var note = note
            note.done = records
            await notes.write(note)
        }
        unpinQueue(of: stage)
        append(
            UploadJob(
                stage: stage, attempt: note.attempt, save: note.save, content: .checkpoint(checkpoint, pattern),
                folder: folder, upload: upload, note: note, pin: pin))
        await releaseWhereDiskIsShort(of: checkpoint.size, below: pattern.root)
    }

    /// Releases the pins of waiting checkpoints where the trainer's next one would not fit on the disk.
    private func releaseWhereDiskIsShort(of size: Int64, below root: FilePath) async {
        let free = await BlockingThread.run { try? FileSystem.freeBytes(at: root) }
        guard let free, free < size else { return }
        for job in queue where job.pin != nil {
            log.say(
                "\(ByteCount(free)) are free on the disk: \(job.name) is not kept where the trainer deletes it before its "
                    + "upload")
        }
        unpinQueue()
    }

    /// Releases the pins of waiting checkpoints; the one that is being uploaded keeps its own.
    private func unpinQueue(of stage: String? = nil) {
        for index in queue.indices where stage == nil || queue[index].stage == stage {
            queue[index].pin?.release()
            queue[index].pin = nil
        }
    }

    /// Queues a finished stage's outputs; their manifest is written after all checkpoints queued before.
    func addOutputs(_ outputs: StageOutputs, stage: String) {
        let folder = layout.outputs(stage: stage, attempt: attempt)
        append(
            UploadJob(
                stage: stage, attempt: attempt, content: .outputs(outputs), folder: folder,
                upload: FolderUpload(store, to: folder, sent: sent)))
    }

    private func append(_ job: UploadJob) {
        queue.append(job)
        showQueue()
        sayWhoIsBehind(job.stage)
        if worker == nil { worker = Task { await work() } }
    }

    /// Waits until everything is uploaded; throws if uploads have only failed for longer than `patience`.
    ///
    /// `deadline` is read repeatedly: it may appear meanwhile, when the container is asked to stop.
    func drain(
        patience: Duration, until deadline: @Sendable () -> ContinuousClock.Instant? = { nil }
    ) async throws(SupervisionError) {
        while worker != nil {
            let now = ContinuousClock.now
            if let deadline = deadline(), now >= deadline { throw incomplete("there is no time left") }
            if let failingSince, now - failingSince >= patience { throw incomplete(lastFailure) }
            do { try await Task.sleep(for: .milliseconds(50)) } catch { throw .stopped }
        }
    }

    private func incomplete(_ reason: String) -> SupervisionError {
        SupervisionError(.uploadIncomplete, "upload \(current?.name ?? queue.first?.name ?? "everything")", reason)
    }

    /// Removes checkpoints from the queue that the trainer has deleted meanwhile.
    private func dropVanished() async {
        for job in queue where job.step != nil {
            guard case .some(.none) = try? await survey(job) else { continue }
            queue.removeAll { $0.folder == job.folder }
            _ = await leaveOut(job, "before it was uploaded")
            if let note = job.note { await notes.remove(note) }
        }
    }

    /// Outputs come after all checkpoints.
    private func next() -> UploadJob? {
        let newest = queue.indices.last { queue[$0].step != nil } ?? queue.indices.first
        return newest.map { queue.remove(at: $0) }
    }

    /// Logs once per stage that its checkpoints arrive faster than they are uploaded.
    private func sayWhoIsBehind(_ stage: String) {
        let waiting = queue.filter { $0.stage == stage && $0.step != nil }.count
        guard waiting >= 3, behind.insert(stage).inserted else { return }
        log.say(
            "\(waiting) checkpoints of stage \(stage) wait for their upload, and the newest goes first; "
                + "where that stays so, let 'every' of the rule be larger")
    }

    private func work() async {
        while true {
            await dropVanished()
            guard let job = next() else { break }
            current = job
            if !(await isSuperseded(job)) {
                await standstill.during(job.name) { await patience.during(job.name) { await finishAtLast(job) } }
            }
            job.pin?.release()
            if let note = job.note { await notes.remove(note) }
            current = nil
            unanswered = nil
            failingSince = nil
            runState.report(delay: nil, of: job.name)
            showQueue()
        }
        worker = nil
    }

    /// Returns true if the bucket holds `keep_remote` newer checkpoints already: this one would be deleted at once.
    private func isSuperseded(_ job: UploadJob) async -> Bool {
        guard case .checkpoint(let checkpoint, let pattern) = job.content else { return false }
        func isFull() -> Bool {
            RemoteRetention.isFull(
                verified[job.stage] ?? [], before: (checkpoint.step, job.attempt, job.save), keep: pattern.keepRemote)
        }
        guard isFull(), (try? await forgetMissing(of: job.stage)) != nil, isFull() else { return false }
        log.say("\(job.name) is left out: the bucket has the newer ones that 'keep_remote' asks for")
        await job.upload.discard(manifest: layout.manifest(of: job.folder))
        // Local retention may delete it as if it had been uploaded and then deleted from the bucket.
        safe[job.stage, default: [:]][checkpoint.step] = checkpoint.files
        return true
    }

    private func finishAtLast(_ job: UploadJob) async {
        var attempts = 0
        while await !finish(job) {
            attempts += 1
            try? await Task.sleep(for: .seconds(min(15, 0.5 * Double(1 << min(attempts, 5)))))
        }
    }

    /// Returns true if the job is over, including when it is obsolete.
    private func finish(_ job: UploadJob) async -> Bool {
        do {
            let started = ContinuousClock.now
            guard let found = try await survey(job) else { return await leaveOut(job, "before it was uploaded") }
            let records = try await job.upload.send(found.files) { [runState] sent in
                runState.note { $0.upload = "\(job.name): \(ByteCount(sent)) of \(ByteCount(max(sent, job.size)))" }
            }
            guard let now = try await survey(job) else { return await leaveOut(job, "while it was uploaded") }
            guard now.files.map(\.snapshot) == found.files.map(\.snapshot), now.tree == found.tree else {
                return isNotYet(job, "it changes while it is uploaded")
            }
            let manifest = manifest(of: job, records, found.tree)
            unanswered = manifest
            try await job.upload.finish(manifest, key: layout.manifest(of: job.folder))
            await publish(job, manifest, seconds: (ContinuousClock.now - started).seconds)
            return true
        } catch {
            if let error = error as? StorageError, [.changedWhileRead, .local].contains(error.code),
                case .some(.none) = try? await survey(job)
            {
                return await leaveOut(job, "while it was uploaded")
            }
            return isNotYet(job, "\(error)")
        }
    }

    private func survey(_ job: UploadJob) async throws(POSIXError) -> (files: [UploadFile], tree: TreeRecord)? {
        try await BlockingThread.run { () throws(POSIXError) in try job.survey() }
    }

    /// Drops a checkpoint whose files have changed; its scanner reports the new files once they are complete.
    private func leaveOut(_ job: UploadJob, _ moment: String) async -> Bool {
        if let unanswered {
            // Every object that the manifest names was verified before, so that the checkpoint is whole if it arrived.
            let started = ContinuousClock.now
            do throws(StorageError) {
                let arrived = try await store.get(layout.manifest(of: job.folder), limit: 256 << 20)
                if arrived == unanswered.json.prettyEncoded() {
                    await publish(job, unanswered, seconds: (ContinuousClock.now - started).seconds)
                    return true
                }
            } catch { return isNotYet(job, "\(error)") }
        }
        log.say("\(job.name) changed or vanished \(moment); it is looked for again")
        await job.upload.discard(manifest: layout.manifest(of: job.folder))
        return true
    }

    private func isNotYet(_ job: UploadJob, _ reason: String) -> Bool {
        lastFailure = reason
        runState.report(delay: reason, of: job.name)
        if failingSince == nil {
            failingSince = ContinuousClock.now
            log.say("cannot upload \(job.name) yet: \(reason)")
        }
        return false
    }

    private func manifest(of job: UploadJob, _ records: [FileRecord], _ tree: TreeRecord) -> FolderManifest {
        var manifest = FolderManifest(
            stage: job.stage, step: job.step, stepText: job.stepText, attempt: job.attempt, save: job.save,
            image: image, created: Timestamp.now().rfc3339, files: records, tree: tree)
        if case .outputs(let outputs) = job.content {
            manifest.patterns = outputs.patterns.map(\.text)
            manifest.gap = outputs.gap
        }
        return manifest
    }

    private func publish(_ job: UploadJob, _ manifest: FolderManifest, seconds: Double) async {
        let size = manifest.files.reduce(0) { $0 + $1.size }
        runState.note { $0.uploadedBytes += size }
        log.say("uploaded \(job.name): \(manifest.files.count) files, \(ByteCount(size)), \(seconds.rounded(1)) s")
        guard case .checkpoint(let checkpoint, let pattern) = job.content, let step = job.step else { return }
        runState.note { snapshot in
            snapshot.uploadedCheckpoints += 1
            snapshot.safe.append(.init(stage: job.stage, step: step, bytes: size, time: .now()))
            snapshot.safe.removeFirst(max(0, snapshot.safe.count - 100))
        }
        runState.update { $0.addCheckpoint(step, of: job.stage) }
        verified[job.stage, default: []].append(manifest)
        safe[job.stage, default: [:]][step] = checkpoint.files
        await removeOld(of: job.stage, pattern)
    }

    private func showQueue() {
        let waiting = (queue + [current].compactMap { $0 }).reduce(0) { $0 + $1.size }
        let isIdle = queue.isEmpty && current == nil
        runState.update { $0.queuedBytes = waiting }
        if isIdle { runState.note { $0.upload = nil } }
    }
}
