import RunContract

/// Which checkpoints of a stage stay in the bucket.
///
/// What is counted is steps: where two starts have each saved one, that is still one checkpoint to go on from.
enum RemoteRetention {
    /// Those that go, the oldest first; `keep` is how many steps stay, nil for all of them.
    static func old(_ manifests: [FolderManifest], keep: Int?) -> [FolderManifest] {
        let steps = Set(manifests.map { $0.step ?? 0 }).sorted()
        let kept = Set(steps.suffix(keep.map { max(1, $0) } ?? steps.count))
        return manifests.sorted { $0.order < $1.order }.filter { manifest in
            // What one start has saved again replaces what it had saved before.
            !kept.contains(manifest.step ?? 0)
                || manifests.contains {
                    $0.step == manifest.step && $0.attempt == manifest.attempt && $0.save > manifest.save
                }
        }
    }

    /// True where one more of this order would be removed again at once.
    static func isFull(_ manifests: [FolderManifest], before order: (Int, Int, Int), keep: Int?) -> Bool {
        guard let keep else { return false }
        return Set(manifests.filter { $0.order > order }.map { $0.step ?? 0 }).count >= max(1, keep)
    }
}

extension FolderManifest {
    /// Of two checkpoints of a stage the one that goes further is the later one, and of one step what was saved last.
    var order: (Int, Int, Int) { (step ?? 0, attempt, save) }
}
