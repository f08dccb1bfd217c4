import POSIX
import SystemPackage

/// Makes what a cache mount keeps older than every file of a build.
///
/// A build's files have the times of their steps, while what lies in a cache was written by the clock: make and cargo would
/// take what they built of an older source for newer than a changed one, and keep it.
enum CacheAge {
    /// Gives every file below a folder that is younger than `newest`, in seconds since 1970, that time.
    static func settle(_ path: FilePath, to newest: Int64) throws(ImageBuildError) {
        try posix { () throws(POSIXError) in try settle(Folder(path), to: newest) }
    }

    private static func settle(_ folder: Folder, to newest: Int64) throws(POSIXError) {
        for name in try folder.names() {
            // Another build may be using the cache, and remove what was there.
            guard let status = try folder.status(name) else { continue }
            do throws(POSIXError) {
                if status.kind == .directory { try settle(folder.folder(name), to: newest) }
                if status.modifiedSeconds > newest { try folder.setModified(name, seconds: newest) }
            } catch {
                guard error.errno == .noSuchFileOrDirectory else { throw error }
            }
        }
    }
}
