import ByteText
import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage

/// How this attempt treats a stage.
struct StagePlan: Sendable {
    let stage: Program.Stage
    /// True if an earlier attempt finished it.
    let isFinished: Bool
    /// The checkpoint that the stage goes on from, nil if it begins anew or is finished.
    let resume: ResumePoint?
}

/// A checkpoint on the disk that a stage goes on from.
struct ResumePoint: Sendable, Hashable {
    let step: Int
    /// The checkpoint's folder, or the file that tells its step.
    let path: FilePath
}

extension RunLifecycle {
    /// Restores what earlier attempts left: the outputs of finished stages, and each stage's newest intact checkpoint.
    func restore(_ session: RunContext, _ uploader: CheckpointUploader) async throws(SupervisionError) -> [StagePlan] {
        runState.enter(.restore)
        var plans: [StagePlan] = []
        for stage in session.program.stages { plans.append(try await restore(stage, session, uploader)) }
        return plans
    }

    private func restore(
        _ stage: Program.Stage, _ session: RunContext, _ uploader: CheckpointUploader
    ) async throws(SupervisionError) -> StagePlan {
        let restorer = Restorer(session: session)
        let isFinished = try await isFinished(stage, session, uploader)
        var resume: ResumePoint?
        if let pattern = try session.pattern(of: stage) {
            let manifests = try await restorer.checkpoints(stage)
            let unfinished = try await unfinished(stage, pattern, session, manifests: manifests)
            if let newest = unfinished.last, newest.order > manifests.first?.order ?? (-1, 0, 0) {
                let checkpoint = isFinished ? nil : newest.checkpoint
                resume = checkpoint.map { pattern.resumePoint($0.step, $0.files.keys.map(\.text)) }
            } else if !isFinished, let restored = try await restorer.restore(manifests, to: pattern.root) {
                resume = pattern.resumePoint(restored.step ?? 0, restored.files.map(\.path.description))
            }
            // In the first attempt, existing files came with the image or a volume and belong to the user.
            if session.attempt > 1 && !isFinished {
                try moveTornAside(pattern, stage, session, newerThan: resume?.step)
            }
            await uploader.know(manifests, of: stage.name, onDisk: await onDisk(manifests, pattern))
            for note in unfinished { await uploader.goOn(note, pattern, stage: stage.name) }
            let names = manifests.map { "\(stage.name)/\($0.step ?? 0)" }
            runState.update { $0.checkpoints += names.reversed() }
        }
        if isFinished { log.say("stage \(stage.name) was finished by an earlier attempt") }
        if let resume { log.say("restored checkpoint \(stage.name)/\(resume.step)") }
        return StagePlan(stage: stage, isFinished: isFinished, resume: resume)
    }

    /// Returns true if an earlier attempt finished the stage and all its files are on this machine.
    private func isFinished(
        _ stage: Program.Stage, _ session: RunContext, _ uploader: CheckpointUploader
    ) async throws(SupervisionError) -> Bool {
        let restorer = Restorer(session: session)
        let manifest = try await restorer.outputs(stage)
        if let began = session.finished.beginning(of: stage.name) {
            guard manifest == nil else { return true }
            let outputs = try await outputs(of: stage, session, began: began)
            if let missing = outputs.missing {
                log.say(
                    "stage \(stage.name) had left '\(missing.text)', and nothing of it is on this disk; it runs again")
                return false
            }
            await uploader.addOutputs(outputs, stage: stage.name)
            return true
        }
        guard let manifest else { return false }
        let declared = try patterns(of: stage, session).map(\.text)
        let gap =
            manifest.gap ?? (Set(declared).isSubset(of: manifest.patterns ?? declared) ? nil : "others are declared")
        if let gap, !stage.isOnce {
            log.say(
                "stage \(stage.name) ended well before, but what it left cannot all be brought back: \(gap); it runs again"
            )
            return false
        }
        return try await restorer.restore(manifest, to: session.data)
    }

    /// Returns the checkpoints on the disk that match the bucket's by size and modification time.
    private func onDisk(_ manifests: [FolderManifest], _ pattern: CheckpointPattern) async -> [LocalCheckpoint] {
        await BlockingThread.run {
            CheckpointTracker(pattern).candidates(in: FolderScan(pattern.root).files).filter { local in
                manifests.contains { manifest in
                    manifest.step == local.step && manifest.files.count == local.files.count
                        && manifest.files.allSatisfy { file in
                            guard let there = local.files[ExactText(file.path.description)] else { return false }
                            return there.size == file.size && there.modified == file.attributes?.modified
                        }
                }
            }
        }
    }

    /// Returns the notes of checkpoints that an earlier attempt found complete here but did not upload.
    private func unfinished(
        _ stage: Program.Stage, _ pattern: CheckpointPattern, _ session: RunContext, manifests: [FolderManifest]
    ) async throws(SupervisionError) -> [PendingUpload] {
        var left: [PendingUpload] = []
        for note in try await session.notes.unfinished(of: stage.name, pattern) {
            if manifests.contains(where: { $0.order == note.order }) {
                await session.notes.remove(note)
            } else {
                log.say(
                    "checkpoint \(stage.name)/\(note.checkpoint?.step ?? 0) of attempt \(note.attempt) is whole on this disk; "
                        + "its upload goes on")
                left.append(note)
            }
        }
        return left
    }

    func moveTornAside(
        _ pattern: CheckpointPattern, _ stage: Program.Stage, _ session: RunContext, newerThan step: Int?
    ) throws(SupervisionError) {
        let aside = ReservedPaths.Data.aside(in: session.data).appending(stage.name)
        // Files that an earlier attempt moved aside have not been needed since.
        try? FileSystem.removeTree(aside)
        let moved = try TornSets.moveAside(pattern, newerThan: step, to: aside)
        if moved > 0 {
            log.say(
                "moved \(moved) files or folders of stage \(stage.name) to \(aside): no finished upload vouches for them"
            )
        }
    }

    /// Returns each artifact's source folder by the name of its folder in the bucket.
    func artifactFolders(_ session: RunContext) throws(SupervisionError) -> [String: FilePath] {
        let variables = try session.stages.programVariables()
        var folders: [String: FilePath] = [:]
        for artifact in session.program.artifacts {
            let from = try StageEnvironment.expand(artifact.from) { variables[$0] }
            guard !from.split(byte: "/").contains("..") else {
                throw SupervisionError(.configuration, "use the artifact '\(from)'", "it leaves the data folder")
            }
            folders[artifact.into] = session.data.pushing(FilePath(from))
        }
        return folders
    }
}
