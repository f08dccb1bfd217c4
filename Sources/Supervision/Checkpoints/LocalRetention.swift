import ByteText
import POSIX
import SystemPackage

/// Frees the disk of checkpoints that are safe in the bucket.
enum LocalRetention {
    /// Removes the sets that are `safe`, and still what they were then, but for the newest of them that the rule keeps.
    ///
    /// What nobody vouches for stays, and takes no place of those. What could not be looked at is not removed.
    static func apply(_ pattern: CheckpointPattern, safe: [Int: [ExactText: FileSnapshot]]) {
        guard let keep = pattern.keepLocal else { return }
        let sets = CheckpointTracker(pattern).candidates(in: FolderScan(pattern.root).files)
        for old in sets.filter({ safe[$0.step] == $0.files }).dropLast(max(1, keep)) {
            for path in old.files.keys {
                let file = pattern.root.appending(path.text)
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
