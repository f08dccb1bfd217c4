import POSIX
import SystemPackage

/// What an entry of a cache takes, and when any of it was used last.
struct CacheEntrySize {
    private(set) var bytes: Int64 = 0
    /// Nanoseconds since 1970.
    ///
    /// A folder is read by whoever looks at it, so that only what changes it counts as its use.
    private(set) var lastUse: Int64 = 0

    init(of path: FilePath) { add(path) }

    private mutating func add(_ path: FilePath) {
        guard let status = try? FileStatus(path) else { return }
        lastUse = max(lastUse, status.kind == .directory ? status.modified : max(status.modified, status.accessed))
        guard status.kind == .directory else { return bytes += status.size }
        for name in (try? FileSystem.names(in: path)) ?? [] { add(path.appending(name)) }
    }
}
