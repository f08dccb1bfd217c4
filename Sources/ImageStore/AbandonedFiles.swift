import POSIX
import SystemPackage

/// Unfinished files whose writers were killed, which released their locks.
///
/// Files younger than 10 minutes are left alone: a writer locks its file only after creating it, and does not lock
/// small files at all.
enum AbandonedFiles {
    private static let minutes = 10

    /// Removes the abandoned files of a folder whose names satisfy `isUnfinished`.
    static func remove(in folder: FilePath, where isUnfinished: (String) -> Bool = { _ in true }) {
        guard let names = try? FileSystem.names(in: folder) else { return }
        for path in names.filter({ isUnfinished($0.string) }).map({ folder.appending($0) }) where contains(path) {
            try? FileSystem.remove(path)
        }
    }

    /// Returns whether a file's writer was killed: it is a regular file, old enough and not locked.
    static func contains(_ path: FilePath) -> Bool {
        guard let file = try? File(readingNoFollow: path), let status = try? file.status() else { return false }
        return status.kind == .regular && status.modified < ImageStore.minutesAgo(minutes)
            && (try? file.lock(wait: false)) == true
    }

    /// Removes abandoned files that were to replace any file of a folder.
    static func removeReplacements(in folder: FilePath) { remove(in: folder) { isReplacement($0, of: "") } }

    /// Removes abandoned files that were to replace one file.
    static func remove(replacementsOf file: FilePath) {
        let folder = file.removingLastComponent()
        remove(in: folder.isEmpty ? "." : folder) { isReplacement($0, of: file.lastComponent?.string ?? "") }
    }

    /// Returns whether `FileSystem.temporaryPath(beside:)` made the name.
    private static func isReplacement(_ name: String, of file: String) -> Bool {
        name.hasPrefix(".\(file)") && name.firstMatch(of: #/\.[0-9]+\.[0-9]+\.tmp$/#) != nil
    }
}
