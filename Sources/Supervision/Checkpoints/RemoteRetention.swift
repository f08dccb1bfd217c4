import RunContract

/// Selects the checkpoints of a stage that remain in the bucket.
///
/// It counts steps: if two attempts have each saved a step, that is still one checkpoint to resume from.
enum RemoteRetention {
    /// Returns the checkpoints to delete, the oldest first; `keep` is the number of steps that remain, nil for all.
    static func old(_ manifests: [FolderManifest], keep: Int?) -> [FolderManifest] {
        let steps = Set(manifests.map { $0.step ?? 0 }).sorted()
        let kept = Set(steps.suffix(keep.map { max(1, $0) } ?? steps.count))
        return manifests.sorted { $0.order < $1.order }.filter { manifest in
            // A later save of a step replaces earlier saves of the same attempt.
            !kept.contains(manifest.step ?? 0)
                || manifests.contains {
                    $0.step == manifest.step && $0.attempt == manifest.attempt && $0.save > manifest.save
                }
        }
    }

    /// Returns true if another checkpoint with this order would be deleted at once.
    static func isFull(_ manifests: [FolderManifest], before order: (Int, Int, Int), keep: Int?) -> Bool {
        guard let keep else { return false }
        return Set(manifests.filter { $0.order > order }.map { $0.step ?? 0 }).count >= max(1, keep)
    }
}

extension FolderManifest {
    /// Sorts the checkpoints of a stage by step, then by attempt and save.
    var order: (Int, Int, Int) { (step ?? 0, attempt, save) }
}
