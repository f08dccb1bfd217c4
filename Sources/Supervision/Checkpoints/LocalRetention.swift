import POSIX
import SystemPackage

/// Frees the disk of checkpoints that are safe in the bucket.
enum LocalRetention {
    /// Removes all but the newest sets that the rule keeps; of the others only those that still are what is `safe`.
    ///
    /// What could not be looked at is not removed.
    static func apply(_ pattern: CheckpointPattern, safe: [Int: [String: FileSnapshot]]) {
        guard let keep = pattern.keepLocal else { return }
        let sets = CheckpointTracker(pattern).candidates(in: FolderScan(pattern.root).files)
        for old in sets.dropLast(max(1, keep)) where safe[old.step] == old.files {
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
