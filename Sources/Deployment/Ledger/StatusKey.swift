import Hashing
import POSIX
package import RunContract
package import Secrets
package import SystemPackage

/// The user's key, from which the token of each run is derived: `key` in caasctl's home folder.
package struct StatusKey: Sendable {
    private let bytes: [UInt8]

    /// Reads the key; creates it where there is none.
    package init(home: FilePath) throws(DeploymentError) {
        let path = home.appending("key")
        do {
            if !FileSystem.exists(path) { try Self.make(path, home: home) }
            bytes = try FileSystem.read(path, limit: 4096)
        } catch { throw DeploymentError(.local, "use the key \(path)", "\(error)") }
        guard bytes.count >= 16 else {
            throw DeploymentError(.local, "use the key \(path)", "it is too short; remove it to get a new one")
        }
    }

    /// Returns the token that gives access to a run's page.
    package func token(of run: RunID) -> Secret { StatusToken.make(for: run, key: bytes) }

    /// Creates the key atomically: of two concurrent processes one wins, and both read the same key afterwards.
    private static func make(_ path: FilePath, home: FilePath) throws {
        try FileSystem.makeFolder(home, mode: 0o700)
        let temporary = FileSystem.temporaryPath(beside: path)
        try FileSystem.write(RandomBytes.make(32), to: temporary, mode: 0o600, sync: true)
        defer { try? FileSystem.remove(temporary) }
        do throws(POSIXError) {
            if try FileSystem.link(temporary, as: path) {
                try FileSystem.syncFolder(home)
            } else {
                try FileSystem.rename(temporary, to: path, sync: true)
            }
        } catch { if error.errno != .fileExists { throw error } }
    }
}
