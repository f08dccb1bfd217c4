import POSIX
import SystemPackage

/// The lock on all caches that builds share: theirs as long as they run, or one remover's alone for a moment.
final class CacheUse: Sendable {
    private let lock: File

    private init(_ lock: consuming File) { self.lock = lock }

    /// Keeps removers away as long as this value lives; nil where nobody can write there, and so nobody removes.
    static func shared(in folder: FilePath) -> CacheUse? {
        try? FileSystem.makeFolder(folder)
        guard let file = try? File(folder, .read), (try? file.lock(wait: true, shared: true)) == true else {
            return nil
        }
        return CacheUse(file)
    }

    /// Keeps builds away as long as this value lives; nil where one runs.
    static func alone(in folder: FilePath) -> CacheUse? {
        guard let file = try? File(folder, .read), (try? file.lock(wait: false)) == true else { return nil }
        return CacheUse(file)
    }
}
