import JSON
import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage
import Timestamps

extension Journey {
    /// Waits for the uploads of the stages and uploads the artifacts.
    func drain(_ session: RunSession) async throws(SupervisionError) -> [CompletionRecord.Artifact] {
        board.enter(.drain)
        session.hurryTransfers()
        try await luggage.withLock { $0.uploader }?.drain(patience: session.persistence.patience)
        let folders = try artifactFolders(session)
        var artifacts: [CompletionRecord.Artifact] = []
        for artifact in session.program.artifacts {
            guard let folder = folders[artifact.into] else { continue }
            let files = try Self.files(of: folder, into: artifact.into)
            let note = await session.notes.make(artifact: artifact.into, files, attempt: session.attempt)
            if note.attempt != session.attempt {
                log.say("artifact \(artifact.into) is what attempt \(note.attempt) was uploading; its upload goes on")
            }
            await session.notes.write(note)
            let upload = FolderUpload(
                session.store, to: session.layout.artifact(into: artifact.into, attempt: note.attempt), done: note.done
            ) { [notes = session.notes] records in
                var note = note
                note.done = records
                await notes.write(note)
            }
            let records = try await session.persistence.run("upload artifact '\(artifact.into)'") {
                try await session.standstill.during("artifact \(artifact.into)") {
                    try await upload.send(files) { [board] sent in
                        board.note { $0.upload = "artifact \(artifact.into): \(ByteCount(sent))" }
                    }
                }
            }
            board.note { $0.upload = nil }
            let size = records.reduce(0) { $0 + $1.size }
            log.say("uploaded artifact \(artifact.into): \(records.count) files, \(ByteCount(size))")
            artifacts.append(CompletionRecord.Artifact(into: artifact.into, files: records))
        }
        return artifacts
    }

    private static func files(of path: FilePath, into: String) throws(SupervisionError) -> [String: FilePath] {
        let status: FileStatus
        do throws(POSIXError) { status = try FileStatus(path, followingLinks: true) } catch {
            throw SupervisionError(.uploadIncomplete, "upload artifact '\(into)'", "\(error)")
        }
        if status.kind == .regular { return [path.lastComponent?.string ?? into: path] }
        var files: [String: FilePath] = [:]
        for name in FolderScan.files(below: path).keys { files[name] = path.appending(name) }
        guard !files.isEmpty else {
            throw SupervisionError(.uploadIncomplete, "upload artifact '\(into)'", "there is no file in \(path)")
        }
        return files
    }

    /// Asks the bucket for every artifact once more, and only then writes complete.json.
    func complete(_ session: RunSession, _ artifacts: [CompletionRecord.Artifact]) async throws(SupervisionError) {
        board.enter(.verify)
        try await BoundedTasks.forEach(artifacts.flatMap(\.files), atOnce: TransferLimits.filesAtOnce) {
            (file) async throws(SupervisionError) in
            let isRight = try await session.persistence.run("verify \(file.key)") {
                try await session.standstill.during("the verification of \(file.path)") {
                    try await session.store.verify(file.object)
                }
            }
            guard isRight else {
                throw SupervisionError(
                    .verification, "verify \(file.key)", "the bucket holds something else than was uploaded")
            }
        }
        let status = board.status
        let record = CompletionRecord(
            run: session.run.description, attempt: session.attempt, image: session.configuration.image,
            started: status.started, finished: Timestamp.now().rfc3339, exitStatus: 0, costUSD: nil,
            metrics: status.metrics, artifacts: artifacts)
        try await session.persistence.run("write complete.json") {
            guard try await luggage.withLock({ $0.ownership })?.write() ?? true else {
                throw SupervisionError(.preempted, "complete the run", "another container has taken it over")
            }
            try await session.store.put(
                session.layout.completion, record.json.prettyEncoded(), contentType: "application/json", once: false)
        }
        await session.notes.clear()
        log.say("the run is complete: every artifact is verified in the bucket")
        if !session.configuration.keepsServing { board.enter(.complete) }
    }
}
