import ImageLayers
import POSIX
import SystemPackage

/// Makes the files in a cache mount older than every file of a build.
///
/// The files of a build have the times of their steps, but files in a cache have the time of the clock. make and cargo
/// would consider an output of an older source newer than the changed source, and keep it.
enum CacheAge {
    /// Limits the times of all files below a folder to `newest`, in seconds since 1970.
    static func settle(_ path: FilePath, to newest: Int64) throws {
        try settle(Folder(path), to: newest)
    }

    private static func settle(_ folder: Folder, to newest: Int64) throws {
        for name in try folder.names() {
            // Another build may be using the cache, and may remove files meanwhile.
            guard let status = try folder.status(name) else { continue }
            do {
                if status.kind == .directory { try settle(folder.folder(name), to: newest) }
                if status.modifiedSeconds > newest { try folder.setModified(name, seconds: newest) }
            } catch let error as POSIXError where error.errno == .noSuchFileOrDirectory { continue }
        }
    }
}
