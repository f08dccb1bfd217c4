package import ImageStore
import JSON
import OCI
import POSIX
package import SystemPackage

/// The caches that speed up builds, below the folder `cache`.
///
/// An entry is a file or a folder. Its users hold a shared lock on it, so an entry that can be locked exclusively is
/// not in use.
package struct CachePruner: Sendable {
    /// The entries of one cache that were removed, or would be in a dry run.
    package struct Pruned: Sendable, Hashable {
        package init(name: String, entries: Int = 0, bytes: Int64 = 0, failures: [String] = []) {
            self.name = name
            self.entries = entries
            self.bytes = bytes
            self.failures = failures
        }

        package let name: String
        package var entries: Int
        /// The size on the disk in bytes.
        package var bytes: Int64
        /// The errors for entries that could not be removed.
        package var failures: [String]
    }

    /// The folder of unfinished entries; each belongs to the process that holds its lock.
    private static let temporary = "tmp"
    /// The folder of records about layers, each a file that is replaced as a whole.
    private static let notes = "layers"
    /// The folder for the data of commands, which may belong to subordinate users.
    private static let runs = "run"

    private let folder: FilePath
    private let store: ImageStore

    /// Creates the caches of builds into a store.
    package init(home: FilePath, store: ImageStore) {
        folder = home.appending("cache")
        self.store = store
    }

    /// Removes the records of missing layers and the remains of killed builds, with `all` also everything not in use.
    ///
    /// With `all`, an entry is removed if it was last used before `usedBefore`. Data that running builds share, such as
    /// downloads, is kept while a build runs. The data of commands is only counted here: `StepCache` removes it. This
    /// call blocks: run it on a thread of its own.
    package func prune(all: Bool, usedBefore: Int64, dryRun: Bool) -> [Pruned] {
        guard FileSystem.exists(folder) else { return [] }
        var results: [Pruned] = []
        var away: [FilePath] = []
        do {
            // No build can begin while this lock is held, so entries are only renamed here, and removed afterwards.
            let idle = dryRun ? nil : CacheUse.alone(in: folder)
            for name in ((try? FileSystem.names(in: folder)) ?? []).map(\.string) where dryRun || name != Self.runs {
                var pruned = Pruned(name: name)
                for path in entries(of: name, all: all && (dryRun || idle != nil), usedBefore) {
                    let size = CacheEntrySize(of: path)
                    if !dryRun {
                        guard let gone = take(path, &pruned) else { continue }
                        away.append(gone)
                    }
                    pruned.entries += 1
                    pruned.bytes += size.bytes
                }
                results.append(pruned)
            }
            if all && !dryRun && idle == nil {
                results.append(Pruned(name: "builds", failures: ["a build is running, so that what it shares stays"]))
            }
        }
        for path in away {
            do throws(POSIXError) { try FileSystem.removeTree(path) } catch {
                results[0].failures.append(error.description)
            }
        }
        return results.filter { $0.entries > 0 || !$0.failures.isEmpty }
    }

    /// Returns the entries of a cache to remove.
    private func entries(of name: String, all: Bool, _ usedBefore: Int64) -> [FilePath] {
        let cache = folder.appending(name)
        let paths = ((try? FileSystem.names(in: cache)) ?? []).map { cache.appending($0) }
        return paths.filter { path in
            guard let status = try? FileStatus(path) else { return false }
            // A name with a leading dot belongs to a file that is being written, and is renamed when it is complete.
            let isUnfinished = name == Self.temporary || (name == Self.notes && isHidden(path))
            if isUnfinished { return status.modified < Self.tenMinutesAgo }
            if name == Self.notes && isDead(path) { return true }
            return all && CacheEntrySize(of: path).lastUse < usedBefore
        }
    }

    private func isHidden(_ path: FilePath) -> Bool { path.lastComponent?.string.hasPrefix(".") == true }

    /// Returns whether a file is the record of a layer that is no longer in the store.
    private func isDead(_ path: FilePath) -> Bool {
        guard path.extension == "json", let content = try? FileSystem.read(path, limit: 1 << 20),
            let json = try? JSONValue(parsing: content), let text = json["digest"]?.string,
            let digest = try? Digest(text)
        else { return false }
        return !FileSystem.exists(store.path(of: digest))
    }

    /// Renames an entry that is not in use; a process that waits for its lock then finds that it is gone.
    private func take(_ path: FilePath, _ pruned: inout Pruned) -> FilePath? {
        do throws(POSIXError) {
            let file = try File(readingNoFollow: path)
            guard try file.lock(wait: false) else { return nil }
            let temporary = folder.appending(Self.temporary)
            try FileSystem.makeFolder(temporary)
            let away = FileSystem.temporaryPath(beside: temporary.appending("removed"))
            try FileSystem.rename(path, to: away)
            return away
        } catch {
            pruned.failures.append(error.description)
            return nil
        }
    }

    /// A younger entry may be about to be locked.
    private static var tenMinutesAgo: Int64 { SystemClock.nanoseconds - 600 * 1_000_000_000 }
}
