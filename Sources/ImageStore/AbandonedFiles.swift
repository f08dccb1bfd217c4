import POSIX
import SystemPackage

/// Unfinished files whose writers were killed: nobody holds their locks.
///
/// Younger ones are left alone, since a writer locks its file only just after it made it, and small files not at all.
enum AbandonedFiles {
    private static let minutes = 10

    /// Removes those in a folder that `isUnfinished` knows by their names.
    static func remove(in folder: FilePath, where isUnfinished: (String) -> Bool = { _ in true }) {
        guard let names = try? FileSystem.names(in: folder) else { return }
        for path in names.filter({ isUnfinished($0.string) }).map({ folder.appending($0) }) where contains(path) {
            try? FileSystem.remove(path)
        }
    }

    /// True for a file whose writer was killed.
    static func contains(_ path: FilePath) -> Bool {
        guard let file = try? File(readingNoFollow: path), let status = try? file.status() else { return false }
        return status.kind == .regular && status.modified < ImageStore.minutesAgo(minutes)
            && (try? file.lock(wait: false)) == true
    }

    /// Removes those that were to replace other files of a folder.
    static func removeReplacements(in folder: FilePath) { remove(in: folder) { isReplacement($0, of: "") } }

    /// Removes those that were to replace one file.
    static func remove(replacementsOf file: FilePath) {
        let folder = file.removingLastComponent()
        remove(in: folder.isEmpty ? "." : folder) { isReplacement($0, of: file.lastComponent?.string ?? "") }
    }

    /// True for what `FileSystem.temporaryPath(beside:)` gives.
    private static func isReplacement(_ name: String, of file: String) -> Bool {
        name.hasPrefix(".\(file)") && name.firstMatch(of: #/\.[0-9]+\.[0-9]+\.tmp$/#) != nil
    }
}
