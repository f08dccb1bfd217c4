package import ImageStore
import JSON
import OCI
import POSIX
package import SystemPackage

/// Everything that builds keep to be faster, below the folder `cache`.
///
/// An entry is a file or a folder, and whoever uses a folder shares its lock: one that is free for us alone is in no use.
package struct BuildCaches: Sendable {
    /// What was removed of one cache, or would be.
    package struct Pruned: Sendable, Hashable {
        /// So many entries of a cache.
        package init(name: String, entries: Int = 0, bytes: Int64 = 0, failures: [String] = []) {
            self.name = name
            self.entries = entries
            self.bytes = bytes
            self.failures = failures
        }

        /// The cache's name.
        package let name: String
        /// How many entries.
        package var entries: Int
        /// Their bytes on the disk.
        package var bytes: Int64
        /// Why entries are still there that should not be.
        package var failures: [String]
    }

    /// What is unfinished; an entry belongs to whoever has its lock.
    private static let temporary = "tmp"
    /// Notes about layers, each a file that is replaced as a whole.
    private static let notes = "layers"
    /// What commands keep, which may belong to users that the administrator lent.
    private static let runs = "run"

    private let folder: FilePath
    private let store: ImageStore

    /// The caches of builds into a store.
    package init(home: FilePath, store: ImageStore) {
        folder = home.appending("cache")
        self.store = store
    }

    /// Removes notes whose layer is gone and what killed builds left; with `all` whatever was not used since a moment.
    ///
    /// What builds share while they run, such as downloads, stays as long as one runs. What commands keep is only counted
    /// here: ``RunCache`` removes it. This blocks: run it on a thread of its own.
    package func prune(all: Bool, usedBefore: Int64, dryRun: Bool) -> [Pruned] {
        guard FileSystem.exists(folder) else { return [] }
        var results: [Pruned] = []
        var away: [FilePath] = []
        do {
            // No build begins while this is held, so that only names are changed here, and files removed afterwards.
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

    /// What is to go of a cache.
    private func entries(of name: String, all: Bool, _ usedBefore: Int64) -> [FilePath] {
        let cache = folder.appending(name)
        let paths = ((try? FileSystem.names(in: cache)) ?? []).map { cache.appending($0) }
        return paths.filter { path in
            guard let status = try? FileStatus(path) else { return false }
            // What has a dot before its name is being written, and will get another.
            let isUnfinished = name == Self.temporary || (name == Self.notes && isHidden(path))
            if isUnfinished { return status.modified < Self.tenMinutesAgo }
            if name == Self.notes && isDead(path) { return true }
            return all && CacheEntrySize(of: path).lastUse < usedBefore
        }
    }

    private func isHidden(_ path: FilePath) -> Bool { path.lastComponent?.string.hasPrefix(".") == true }

    /// True for a note about a layer that is not in the store any more.
    private func isDead(_ path: FilePath) -> Bool {
        guard path.extension == "json", let content = try? FileSystem.read(path, limit: 1 << 20),
            let json = try? JSONValue(parsing: content), let text = json["digest"]?.string,
            let digest = try? Digest(text)
        else { return false }
        return !FileSystem.exists(store.path(of: digest))
    }

    /// Gives an entry that nobody uses another name, under which whoever waits for its lock sees that it is gone.
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
