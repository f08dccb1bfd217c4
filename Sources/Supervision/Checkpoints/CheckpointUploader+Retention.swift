import ObjectStorage
import POSIX
import RunContract

/// The checkpoints that stay on the disk and in the bucket.
extension CheckpointUploader {
    /// Applies the rule's retention, which deletes nothing while it is unknown what the bucket holds.
    ///
    /// On the disk it deletes only checkpoints that are verified in the bucket.
    func removeOld(of stage: String, _ pattern: CheckpointPattern) async {
        let isOldOnDisk = pattern.keepLocal.map { (self.safe[stage]?.count ?? 0) > max(1, $0) } ?? false
        let isOldInBucket = !RemoteRetention.old(verified[stage] ?? [], keep: pattern.keepRemote).isEmpty
        // Without a reason to delete, a bucket that hangs must not keep the next checkpoint waiting.
        guard isOldOnDisk || isOldInBucket else { return }
        do throws(StorageError) { try await forgetMissing(of: stage) } catch {
            return log.say("old checkpoints stay where they are: \(error)")
        }
        let safe = safe[stage] ?? [:]
        await BlockingThread.run { LocalRetention.apply(pattern, safe: safe) }
        let old = RemoteRetention.old(verified[stage] ?? [], keep: pattern.keepRemote)
        for manifest in old { await remove(manifest, of: stage) }
    }

    /// Forgets checkpoints that another has removed from the bucket, such as a lifecycle rule or a person.
    ///
    /// As one of those that stay they would let older ones go, until the bucket has none to resume from.
    func forgetMissing(of stage: String) async throws(StorageError) {
        var present: Set<String> = []
        try await store.list(layout.checkpoints(stage: stage), isShallow: true) { page in
            present.formUnion(page.objects.map(\.key))
            return true
        }
        for manifest in verified[stage] ?? [] {
            let folder = folder(of: manifest, stage)
            guard !present.contains(layout.manifest(of: folder)) else { continue }
            // A listing may be older than an object, and manifests of earlier versions are inside their folders.
            if try await store.head(layout.manifest(of: folder)) != nil { continue }
            if try await store.head(layout.formerManifest(of: folder)) != nil { continue }
            forget(manifest, of: stage)
            safe[stage]?[manifest.step ?? 0] = nil
            log.say("checkpoint \(stage)/\(manifest.step ?? 0) is gone from the bucket; older ones stay in its place")
        }
    }

    private func folder(of manifest: FolderManifest, _ stage: String) -> String {
        layout.checkpoint(stage: stage, step: manifest.step ?? 0, attempt: manifest.attempt, save: manifest.save)
    }

    private func forget(_ manifest: FolderManifest, of stage: String) {
        verified[stage]?.removeAll { $0 == manifest }
        guard verified[stage]?.contains(where: { $0.step == manifest.step }) != true else { return }
        runState.update { $0.checkpoints.removeAll { $0 == "\(stage)/\(manifest.step ?? 0)" } }
    }

    private func remove(_ old: FolderManifest, of stage: String) async {
        let folder = folder(of: old, stage)
        do throws(StorageError) {
            // Without its manifest a checkpoint no longer counts, so that no reader finds a partial one.
            try await store.delete(layout.manifest(of: folder))
            try await store.delete(layout.formerManifest(of: folder))
            for file in old.files where file.key.utf8.starts(with: folder.utf8) { try await store.delete(file.key) }
            forget(old, of: stage)
        } catch { log.say("cannot remove an old checkpoint yet: \(error)") }
    }
}
