import ByteText
import POSIX
import SystemPackage

/// Deletes checkpoints from the disk that are verified in the bucket.
enum LocalRetention {
    /// Deletes the sets in `safe` that have not changed since, except the newest `keepLocal` of them.
    ///
    /// A set that is not in `safe` remains and does not count towards `keepLocal`. A set that could not be read is not
    /// deleted.
    static func apply(_ pattern: CheckpointPattern, safe: [Int: [ExactText: FileSnapshot]]) {
        guard let keep = pattern.keepLocal else { return }
        let sets = CheckpointTracker(pattern).candidates(in: FolderScan(pattern.root).files)
        for old in sets.filter({ safe[$0.step] == $0.files }).dropLast(max(1, keep)) {
            // What else a step's own folder holds, such as a tokenizer, is no checkpoint without the files of the set.
            if let folder = pattern.folder(of: old.stepText) {
                try? FileSystem.removeTree(folder)
                continue
            }
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
