import POSIX
import SystemPackage

/// Frees the disk of checkpoints that are safe in the bucket.
enum LocalRetention {
    /// Removes all but the newest sets that the rule keeps; of the others only those whose steps are `safe`.
    static func apply(_ pattern: CheckpointPattern, safe: Set<Int>) {
        guard let keep = pattern.keepLocal else { return }
        let tracker = CheckpointTracker(pattern, known: [])
        let sets = tracker.candidates(in: FolderScan.files(below: pattern.root))
        for old in sets.dropLast(max(1, keep)) where safe.contains(old.step) {
            for path in old.files.keys {
                let file = pattern.root.appending(path)
                try? FileSystem.remove(file)
                removeEmptyFolders(above: file, below: pattern.root)
            }
        }
    }

    private static func removeEmptyFolders(above file: FilePath, below root: FilePath) {
        var folder = file.removingLastComponent()
        while folder != root, folder.starts(with: root), let names = try? FileSystem.names(in: folder), names.isEmpty {
            try? FileSystem.removeTree(folder)
            folder = folder.removingLastComponent()
        }
    }
}
