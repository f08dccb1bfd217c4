import POSIX
import SystemPackage

/// The size of a cache entry, and the time of its last use.
struct CacheEntrySize {
    private(set) var bytes: Int64 = 0
    /// The last use of any file in the entry, in nanoseconds since 1970.
    ///
    /// For folders only modifications count, because listing a folder changes its access time.
    private(set) var lastUse: Int64 = 0

    init(of path: FilePath) { add(path) }

    private mutating func add(_ path: FilePath) {
        guard let status = try? FileStatus(path) else { return }
        lastUse = max(lastUse, status.kind == .directory ? status.modified : max(status.modified, status.accessed))
        guard status.kind == .directory else { return bytes += status.size }
        for name in (try? FileSystem.names(in: path)) ?? [] { add(path.appending(name)) }
    }
}
