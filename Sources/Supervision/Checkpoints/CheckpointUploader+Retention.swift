import ObjectStorage
import POSIX
import RunContract

/// The checkpoints that stay on the disk and in the bucket.
extension CheckpointUploader {
    /// Applies the rule's retention; on the disk it deletes only checkpoints that are verified in the bucket.
    func removeOld(of stage: String, _ pattern: CheckpointPattern) async {
        let safe = safe[stage] ?? [:]
        await BlockingThread.run { LocalRetention.apply(pattern, safe: safe) }
        let old = RemoteRetention.old(verified[stage] ?? [], keep: pattern.keepRemote)
        for manifest in old { await remove(manifest, of: stage) }
    }

    private func remove(_ old: FolderManifest, of stage: String) async {
        let folder = layout.checkpoint(
            stage: stage, step: old.step ?? 0, attempt: old.attempt, save: old.save)
        do throws(StorageError) {
            // Without its manifest a checkpoint no longer counts, so that no reader finds a partial one.
            try await store.delete(layout.manifest(of: folder))
            try await store.delete(layout.formerManifest(of: folder))
            for file in old.files where file.key.utf8.starts(with: folder.utf8) { try await store.delete(file.key) }
            verified[stage]?.removeAll { $0 == old }
            guard verified[stage]?.contains(where: { $0.step == old.step }) != true else { return }
            runState.update { $0.checkpoints.removeAll { $0 == "\(stage)/\(old.step ?? 0)" } }
        } catch { log.say("cannot remove an old checkpoint yet: \(error)") }
    }
}
