import POSIX
package import SystemPackage

/// The lock on all caches: builds share it while they run, and pruning holds it exclusively for a moment.
package final class CacheUse: Sendable {
    private let lock: File

    private init(_ lock: consuming File) { self.lock = lock }

    /// A child process that another thread starts at this moment has the descriptor, and with it the lock, until exec.
    deinit { lock.unlock() }

    /// Prevents pruning while the value exists; returns nil if the folder cannot be locked, where pruning fails too.
    package static func shared(in folder: FilePath) -> CacheUse? {
        try? FileSystem.makeFolder(folder)
        guard let file = try? File(folder, .read), (try? file.lock(wait: true, shared: true)) == true else {
            return nil
        }
        return CacheUse(file)
    }

    /// Prevents builds while the value exists; returns nil if one is running.
    static func alone(in folder: FilePath) -> CacheUse? {
        guard let file = try? File(folder, .read), (try? file.lock(wait: false)) == true else { return nil }
        return CacheUse(file)
    }
}
