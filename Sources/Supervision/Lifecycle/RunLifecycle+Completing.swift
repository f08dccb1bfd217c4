import JSON
import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage
import Timestamps
import Wording

extension RunLifecycle {
    /// Waits for the uploads of the stages and uploads the artifacts.
    func drain(
        _ session: RunContext, _ uploader: CheckpointUploader
    ) async throws(SupervisionError) -> [CompletionRecord.Artifact] {
        runState.enter(.drain)
        session.hurryTransfers()
        try await uploader.drain(patience: session.retry.patience)
        let folders = try artifactFolders(session)
        var artifacts: [CompletionRecord.Artifact] = []
        var failure: SupervisionError?
        for artifact in session.program.artifacts {
            guard let folder = folders[artifact.into] else { continue }
            // An artifact that cannot be uploaded must not block the others.
            do throws(SupervisionError) {
                artifacts.append(try await upload(artifact, folder, session))
            } catch {
                if error.isPreemption { throw error }
                log.say("\(error)")
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return artifacts
    }

    /// Uploads an artifact until the bucket holds the folder's current content.
    private func upload(
        _ artifact: Program.Artifact, _ folder: FilePath, _ session: RunContext
    ) async throws(SupervisionError) -> CompletionRecord.Artifact {
        let into = artifact.into
        let action = "upload artifact '\(into)'"
        let retry = session.retry
        let first = try await retry.run(action) { try await survey(folder, session, action) }
        let note = await session.notes.make(artifact: into, first.files, attempt: session.attempt)
        if note.attempt != session.attempt {
            log.say("artifact \(into) is what attempt \(note.attempt) was uploading; its upload goes on")
        }
        await session.notes.write(note)
        let upload = FolderUpload(
            session.store, to: session.layout.artifact(into: into, attempt: note.attempt), sent: session.sent,
            done: note.done
        ) { [notes = session.notes] records in
            var note = note
            note.done = records
            await notes.write(note)
        }
        let (found, records) = try await retry.run(action) {
            let found = try await survey(folder, session, action)
            let records = try await session.standstill.during("artifact \(into)") {
                try await upload.send(found.files) { [runState] sent in
                    runState.note { $0.upload = "artifact \(into): \(ByteCount(sent)) of \(ByteCount(found.size))" }
                }
            }
            guard try await survey(folder, session, action).isSame(as: found) else {
                throw StorageError(.changedWhileRead, action, "something in \(folder) changes while it is uploaded")
            }
            return (found, records)
        }
        runState.note { $0.upload = nil }
        if let problem = found.problems.first {
            let more = found.problems.count > 1 ? ", and \(found.problems.count - 1) more" : ""
            throw SupervisionError(
                .uploadIncomplete, "\(action) whole", "\(problem)\(more); all else of it is in the bucket")
        }
        guard !found.isEmpty else {
            throw SupervisionError(.uploadIncomplete, action, "there is no file in \(folder)")
        }
        if let lack = found.lack(of: artifact) { throw SupervisionError(.uploadIncomplete, "\(action) whole", lack) }
        log.say("uploaded artifact \(into): \(records.count) files, \(ByteCount(found.size))")
        return CompletionRecord.Artifact(into: into, files: records, tree: found.tree)
    }

    private func survey(_ folder: FilePath, _ session: RunContext, _ action: String) async throws -> FolderSurvey {
        do throws(POSIXError) {
            return try await BlockingThread.run { () throws(POSIXError) in
                try FolderSurvey(artifact: folder, data: session.data)
            }
        } catch {
            guard [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) else { throw error }
            throw SupervisionError(.uploadIncomplete, action, "\(error)")
        }
    }

    /// Verifies every artifact in the bucket again, and only then writes complete.json.
    func complete(
        _ session: RunContext, _ artifacts: [CompletionRecord.Artifact], _ inputs: [CompletionRecord.Input]
    ) async throws(SupervisionError) {
        runState.enter(.verify)
        try await BoundedTasks.forEach(artifacts.flatMap(\.files), atOnce: TransferLimits.filesAtOnce) {
            (file) async throws(SupervisionError) in
            let isRight = try await session.retry.run("verify \(file.key)") {
                try await session.standstill.during("the verification of \(file.path)") {
                    try await session.store.verify(file.object)
                }
            }
            guard isRight else {
                throw SupervisionError(
                    .verification, "verify \(file.key)", "the bucket holds something else than was uploaded")
            }
        }
        let status = runState.status
        let record = CompletionRecord(
            run: session.run.description, attempt: session.attempt, image: session.configuration.image,
            started: status.started, finished: Timestamp.now().rfc3339, exitStatus: 0,
            costUSD: spending?.costUSD.map { $0.rounded(2) },
            metrics: status.metrics, artifacts: artifacts, inputs: inputs)
        try await session.retry.run("write complete.json") {
            guard try await session.ownership.write() else {
                throw SupervisionError(.preempted, "complete the run", "another container has taken it over")
            }
            try await session.store.put(
                session.layout.completion, record.json.prettyEncoded(), contentType: "application/json", once: false)
        }
        await session.notes.clear()
        log.say("the run is complete: every artifact is verified in the bucket")
        if !session.configuration.keepsServing { runState.enter(.complete) }
    }
}
