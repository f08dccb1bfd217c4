import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import Timestamps

/// Uploads checkpoints and outputs beside the training, one after the other, and knows what the bucket holds.
actor CheckpointUploader {
    private let store: any ObjectStore
    private let layout: BucketLayout
    private let attempt: Int
    private let image: String
    private let log: RunLog
    private let board: RunBoard
    private let notes: UploadNotes
    private let patience: UploadPatience
    private let standstill: StandstillWatch
    private var queue: [UploadJob] = []
    private var current: UploadJob?
    private var worker: Task<Void, Never>?
    private var isHurried = false
    private var failingSince: ContinuousClock.Instant?
    private var lastFailure = ""
    /// What is verified in the bucket, by stage, the oldest first.
    private var verified: [String: [FolderManifest]] = [:]

    init(_ session: RunSession) {
        store = session.store
        layout = session.layout
        attempt = session.attempt
        image = session.configuration.image
        log = session.log
        board = session.board
        notes = session.notes
        patience = UploadPatience(limits: session.limits, log: session.log)
        standstill = session.standstill
    }

    /// Takes note of checkpoints that earlier starts uploaded.
    func know(_ manifests: [FolderManifest], of stage: String) {
        verified[stage] = manifests.sorted { ($0.step ?? 0, $0.attempt) < ($1.step ?? 0, $1.attempt) }
    }

    /// Queues a checkpoint.
    func add(_ checkpoint: LocalCheckpoint, _ pattern: CheckpointPattern, stage: String) async {
        let note = notes.make(checkpoint, stage: stage, attempt: attempt)
        await notes.write(note)
        goOn(note, pattern, stage: stage)
    }

    /// Queues a checkpoint whose upload was noted, perhaps by an earlier start; what that has sent stays sent.
    func goOn(_ note: UploadNote, _ pattern: CheckpointPattern, stage: String) {
        let folder = layout.checkpoint(stage: stage, step: note.checkpoint.step, attempt: note.attempt)
        let upload = FolderUpload(store, to: folder, done: note.done) { [notes] records in
            var note = note
            note.done = records
            await notes.write(note)
        }
        append(
            UploadJob(
                stage: stage, attempt: note.attempt, content: .checkpoint(note.checkpoint, pattern),
                upload: upload, note: note))
    }

    /// Queues what a finished stage leaves; its manifest comes after all checkpoints that were queued before.
    func addOutputs(_ files: [String: FilePath], stage: String) {
        let folder = layout.outputs(stage: stage, attempt: attempt)
        append(
            UploadJob(
                stage: stage, attempt: attempt, content: .outputs(files), upload: FolderUpload(store, to: folder)))
    }

    private func append(_ job: UploadJob) {
        queue.append(job)
        showQueue()
        if worker == nil { worker = Task { await work() } }
    }

    /// From now on the newest checkpoint comes first.
    func hurry() { isHurried = true }

    /// Waits until everything is uploaded; uploads that only fail for longer than the patience are given up.
    ///
    /// The deadline may come up meanwhile, when somebody asks the container to stop.
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

    private func next() -> UploadJob? {
        guard isHurried else { return queue.first.map { _ in queue.removeFirst() } }
        let newest = queue.indices.filter { queue[$0].step != nil }.last ?? queue.indices.first
        return newest.map { queue.remove(at: $0) }
    }

    private func work() async {
        while let job = next() {
            current = job
            await standstill.during(job.name) { await patience.during(job.name) { await finishAtLast(job) } }
            if let note = job.note { await notes.remove(note) }
            current = nil
            failingSince = nil
            showQueue()
        }
        worker = nil
    }

    private func finishAtLast(_ job: UploadJob) async {
        var attempts = 0
        while await !finish(job) {
            attempts += 1
            try? await Task.sleep(for: .seconds(min(15, 0.5 * Double(1 << min(attempts, 5)))))
        }
    }

    /// True where the job is over, also where it makes no sense any more.
    private func finish(_ job: UploadJob) async -> Bool {
        do {
            let started = ContinuousClock.now
            guard isUnchanged(job) else {
                log.say("\(job.name) changed or vanished before it was uploaded; it is left out")
                return true
            }
            let records = try await job.upload.send(job.files) { [board] sent in
                board.note { $0.upload = "\(job.name): \(ByteCount(sent)) of \(ByteCount(max(sent, job.size)))" }
            }
            guard isUnchanged(job) else {
                log.say("\(job.name) changed while it was uploaded; it does not count")
                return true
            }
            let manifest = manifest(of: job, records)
            try await job.upload.finish(manifest)
            await publish(job, manifest, seconds: (ContinuousClock.now - started).seconds)
            return true
        } catch {
            if let error = error as? StorageError, error.code == .changedWhileRead || error.code == .local {
                log.say("\(job.name) is left out: \(error)")
                return true
            }
            lastFailure = "\(error)"
            if failingSince == nil {
                failingSince = ContinuousClock.now
                log.say("cannot upload \(job.name) yet: \(error)")
            }
            return false
        }
    }

    private func isUnchanged(_ job: UploadJob) -> Bool {
        guard case .checkpoint(let checkpoint, let pattern) = job.content else { return true }
        return checkpoint.files.allSatisfy { path, snapshot in
            guard let now = (try? FileStatus(pattern.root.appending(path))).map(FileSnapshot.init) else { return false }
            return now.isSameContent(as: snapshot)
        }
    }

    private func manifest(of job: UploadJob, _ records: [FileRecord]) -> FolderManifest {
        var stepText: String?
        if case .checkpoint(let checkpoint, _) = job.content { stepText = checkpoint.stepText }
        return FolderManifest(
            stage: job.stage, step: job.step, stepText: stepText, attempt: job.attempt, image: image,
            created: Timestamp.now().rfc3339, files: records)
    }

    private func publish(_ job: UploadJob, _ manifest: FolderManifest, seconds: Double) async {
        let size = manifest.files.reduce(0) { $0 + $1.size }
        board.note { $0.uploadedBytes += size }
        log.say("uploaded \(job.name): \(manifest.files.count) files, \(ByteCount(size)), \(seconds.rounded(1)) s")
        guard case .checkpoint(_, let pattern) = job.content, let step = job.step else { return }
        board.note { $0.uploadedCheckpoints += 1 }
        board.update { $0.checkpoints.append("\(job.stage)/\(step)") }
        verified[job.stage, default: []].append(manifest)
        verified[job.stage]?.sort { ($0.step ?? 0, $0.attempt) < ($1.step ?? 0, $1.attempt) }
        await removeOld(of: job.stage, pattern)
    }

    private func showQueue() {
        let waiting = (queue + [current].compactMap { $0 }).reduce(0) { $0 + $1.size }
        let isIdle = queue.isEmpty && current == nil
        board.update { $0.queuedBytes = waiting }
        if isIdle { board.note { $0.upload = nil } }
    }

    /// Keeps as many checkpoints as the rule says; on the disk only what is verified in the bucket goes.
    private func removeOld(of stage: String, _ pattern: CheckpointPattern) async {
        let safe = Set((verified[stage] ?? []).compactMap(\.step))
        await BlockingThread.run { LocalRetention.apply(pattern, safe: safe) }
        guard let keep = pattern.keepRemote, let manifests = verified[stage], manifests.count > keep else { return }
        for old in manifests.dropLast(max(1, keep)) {
            do throws(StorageError) {
                let folder = layout.checkpoint(stage: stage, step: old.step ?? 0, attempt: old.attempt)
                // Without its manifest it counts no more, so that no reader finds half of it.
                try await store.delete(layout.manifest(in: folder))
                for file in old.files { try await store.delete(file.key) }
                verified[stage]?.removeAll { $0 == old }
                board.update { $0.checkpoints.removeAll { $0 == "\(stage)/\(old.step ?? 0)" } }
            } catch { log.say("cannot remove an old checkpoint yet: \(error)") }
        }
    }
}
