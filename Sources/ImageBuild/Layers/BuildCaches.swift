public import ImageStore
import JSON
import OCI
import POSIX
public import SystemPackage

/// Everything that builds keep to be faster, below the folder `cache`.
///
/// An entry is a file or a folder, and whoever uses a folder shares its lock: one that is free for us alone is in no use.
public struct BuildCaches: Sendable {
    /// What was removed of one cache, or would be.
    public struct Pruned: Sendable, Hashable {
        /// So many entries of a cache.
        public init(name: String, entries: Int = 0, bytes: Int64 = 0) {
            self.name = name
            self.entries = entries
            self.bytes = bytes
        }

        /// The cache's name.
        public let name: String
        /// How many entries.
        public var entries: Int
        /// Their bytes on the disk.
        public var bytes: Int64
        /// Why entries are still there that should not be.
        public var failures: [String] = []
    }

    /// What is unfinished; an entry belongs to whoever has its lock.
    private static let temporary = "tmp"
    /// Files that only carry locks: removing one would let two have it.
    private static let locks = "locks"

    private let folder: FilePath
    private let store: ImageStore

    /// The caches of builds into a store.
    public init(home: FilePath, store: ImageStore) {
        folder = home.appending("cache")
        self.store = store
    }

    /// Removes entries whose layer is gone and what killed builds left; with `all` whatever was not used since a moment.
    ///
    /// It blocks: run it on a thread of its own. What commands keep is only counted here: ``RunCache`` removes it.
    public func prune(all: Bool, usedBefore: Int64, dryRun: Bool) -> [Pruned] {
        caches(withRuns: all && dryRun).compactMap { name, cache in
            var pruned = Pruned(name: name)
            for name in (try? FileSystem.names(in: cache)) ?? [] {
                let path = cache.appending(name)
                guard let status = try? FileStatus(path) else { continue }
                // What has a dot before its name is being written, and will get another.
                let isUnfinished = cache.lastComponent?.string == Self.temporary || name.string.hasPrefix(".")
                let isWanted =
                    isUnfinished
                    ? status.modified < Self.tenMinutesAgo
                    : isDead(path) || (all && status.modified < usedBefore)
                if isWanted { remove(path, status, dryRun: dryRun, &pruned) }
            }
            return pruned.entries == 0 && pruned.failures.isEmpty ? nil : pruned
        }
    }

    /// The folders that hold entries, with their names for people; those of commands have one for each mapping of users.
    private func caches(withRuns: Bool) -> [(String, FilePath)] {
        var caches: [(String, FilePath)] = []
        for name in (try? FileSystem.names(in: folder)) ?? [] where isFolder(folder.appending(name)) {
            guard name.string == "run" else {
                caches.append((name.string, folder.appending(name)))
                continue
            }
            guard withRuns else { continue }
            for mapping in (try? FileSystem.names(in: folder.appending(name))) ?? [] {
                let place = folder.appending(name).appending(mapping)
                for kind in (try? FileSystem.names(in: place)) ?? []
                where kind.string != Self.locks && isFolder(place.appending(kind)) {
                    caches.append(("run/\(kind)", place.appending(kind)))
                }
            }
        }
        return caches
    }

    private func isFolder(_ path: FilePath) -> Bool { (try? FileStatus(path))?.kind == .directory }

    /// True for a note about a layer that is not in the store any more.
    private func isDead(_ path: FilePath) -> Bool {
        guard path.extension == "json", let content = try? FileSystem.read(path, limit: 1 << 20),
            let json = try? JSONValue(parsing: content), let text = json["digest"]?.string,
            let digest = try? Digest(text)
        else { return false }
        return !FileSystem.exists(store.path(of: digest))
    }

    private func remove(_ path: FilePath, _ status: FileStatus, dryRun: Bool, _ pruned: inout Pruned) {
        do throws(POSIXError) {
            let file = try File(readingNoFollow: path)
            guard try file.lock(wait: false) else { return }
            let bytes = Self.bytes(below: path, status)
            if !dryRun {
                // Under another name first: whoever waits for its lock sees then that it is gone.
                let temporary = folder.appending(Self.temporary)
                try FileSystem.makeFolder(temporary)
                let away = FileSystem.temporaryPath(beside: temporary.appending("removed"))
                try FileSystem.rename(path, to: away)
                try FileSystem.removeTree(away)
            }
            pruned.entries += 1
            pruned.bytes += bytes
        } catch { pruned.failures.append(error.description) }
    }

    private static func bytes(below path: FilePath, _ status: FileStatus) -> Int64 {
        guard status.kind == .directory else { return status.size }
        return ((try? FileSystem.names(in: path)) ?? []).reduce(0) { sum, name in
            let child = path.appending(name)
            return sum + ((try? FileStatus(child)).map { bytes(below: child, $0) } ?? 0)
        }
    }

    /// A younger entry may be about to be locked.
    private static var tenMinutesAgo: Int64 { SystemClock.nanoseconds - 600 * 1_000_000_000 }
}
