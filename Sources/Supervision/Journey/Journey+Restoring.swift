import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage

/// What is to be done with a stage in this attempt.
struct StagePlan: Sendable {
    let stage: Program.Stage
    /// True where an earlier attempt finished it.
    let isFinished: Bool
    /// The step of the checkpoint that was restored.
    let resumeStep: Int?
}

extension Journey {
    /// Brings back what earlier attempts left: finished stages' outputs, and the newest good checkpoint of each stage.
    func restore(_ session: RunSession) async throws(SupervisionError) -> [StagePlan] {
        board.enter(.restore)
        var plans: [StagePlan] = []
        for stage in session.program.stages { plans.append(try await restore(stage, session)) }
        return plans
    }

    private func restore(_ stage: Program.Stage, _ session: RunSession) async throws(SupervisionError) -> StagePlan {
        let restorer = Restorer(session: session)
        var isFinished = false
        if let outputs = try await restorer.finished(stage) {
            isFinished = try await restorer.restore(outputs, to: session.data)
        }
        var step: Int?
        if let pattern = try session.pattern(of: stage) {
            let manifests = try await restorer.checkpoints(stage)
            let uploader = luggage.withLock { $0.uploader }
            await uploader?.know(manifests, of: stage.name)
            let unfinished = await unfinished(stage, pattern, session, manifests: manifests, isMoot: isFinished)
            if let newest = unfinished.last, newest.checkpoint.step > manifests.first?.step ?? -1 {
                step = newest.checkpoint.step
            } else {
                step = try await restorer.restore(manifests, to: pattern.root)?.step
            }
            for note in unfinished { await uploader?.goOn(note, pattern, stage: stage.name) }
            let names = manifests.map { "\(stage.name)/\($0.step ?? 0)" }
            board.update { $0.checkpoints += names.reversed() }
            // In the first attempt whatever lies there came with the image or with a volume, and is the user's own.
            if session.attempt > 1 && !isFinished { try moveTornAside(pattern, stage, session, newerThan: step) }
        }
        if isFinished { log.say("stage \(stage.name) was finished by an earlier attempt") }
        if let step { log.say("restored checkpoint \(stage.name)/\(step)") }
        return StagePlan(stage: stage, isFinished: isFinished, resumeStep: step)
    }

    /// Checkpoints that an earlier start found complete here and did not bring into the bucket.
    private func unfinished(
        _ stage: Program.Stage, _ pattern: CheckpointPattern, _ session: RunSession, manifests: [FolderManifest],
        isMoot: Bool
    ) async -> [UploadNote] {
        var left: [UploadNote] = []
        for note in await session.notes.unfinished(of: stage.name, pattern) {
            let isThere = manifests.contains { $0.step == note.checkpoint.step && $0.attempt == note.attempt }
            if isThere || isMoot {
                await session.notes.remove(note)
            } else {
                log.say(
                    "checkpoint \(stage.name)/\(note.checkpoint.step) of attempt \(note.attempt) is whole on this disk; "
                        + "its upload goes on")
                left.append(note)
            }
        }
        return left
    }

    private func moveTornAside(
        _ pattern: CheckpointPattern, _ stage: Program.Stage, _ session: RunSession, newerThan step: Int?
    ) throws(SupervisionError) {
        let aside = session.data.appending(".caas/aside").appending(stage.name)
        // What an earlier attempt moved there was of no use since.
        try? FileSystem.removeTree(aside)
        let moved = try TornSets.moveAside(pattern, newerThan: step, to: aside)
        if moved > 0 {
            log.say("moved \(moved) files of stage \(stage.name) to \(aside): no finished upload vouches for them")
        }
    }

    /// What the model server needs of a run that was completed before: outputs, newest checkpoints, and artifacts.
    func restoreForServing(_ session: RunSession, _ record: CompletionRecord) async throws(SupervisionError) {
        _ = try await restore(session)
        let folders = try artifactFolders(session)
        for artifact in record.artifacts {
            guard let folder = folders[artifact.into] else { continue }
            // A single file's record has the file's own name.
            let isFile = artifact.files.count == 1 && artifact.files.first?.path == folder.lastComponent?.string
            let target = isFile ? folder.removingLastComponent() : folder
            do throws(StorageError) {
                try await Restorer(session: session).download(
                    artifact.files, to: target, as: "the restore of artifact \(artifact.into)")
            } catch { throw Restorer.failure(error) }
        }
    }

    /// Where each artifact comes from, by the name of its folder in the bucket.
    func artifactFolders(_ session: RunSession) throws(SupervisionError) -> [String: FilePath] {
        let variables = try session.stages.programVariables()
        var folders: [String: FilePath] = [:]
        for artifact in session.program.artifacts {
            let from = try StageEnvironment.expand(artifact.from) { variables[$0] }
            guard !from.split(separator: "/").contains("..") else {
                throw SupervisionError(.configuration, "use the artifact '\(from)'", "it leaves the data folder")
            }
            folders[artifact.into] = session.data.pushing(FilePath(from))
        }
        return folders
    }
}
