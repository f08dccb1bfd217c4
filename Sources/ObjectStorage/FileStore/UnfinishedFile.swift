import ByteText
import Hashing
import POSIX
import SystemPackage
import Timestamps

/// The names that files have while they are written, and what becomes of those whose writer was killed.
///
/// A writer holds the file's lock, which its kernel gives back with its end. The name tells which boot of which machine
/// wrote it: only there is a free lock a certain sign of death, since some shared file systems keep locks to
/// themselves. What other machines left must also be a day old.
enum UnfinishedFile {
    private static let prefix = ".caas-"
    private static let suffix = ".tmp"
    /// What is fetched in parts stays until somebody goes on with it.
    static let fetchPrefix = ".caas-fetch-"
    private static let patience: Int64 = 86_400

    /// The same for every process on a machine until it starts again.
    static let machine: String = {
        let boot = (try? FileSystem.read("/proc/sys/kernel/random/boot_id", limit: 256)) ?? RandomBytes.make(16)
        return String(SHA256.hash(boot).hexadecimal.prefix(12))
    }()

    /// A name that nobody else uses; hexadecimal digits cannot fail to be one.
    static func makeName() -> FilePath.Component? {
        FilePath.Component("\(prefix)\(machine)-\(RandomBytes.make(10).hexadecimal)\(suffix)")
    }

    /// True for what is no object yet.
    static func isName(_ name: FilePath.Component) -> Bool {
        let text = name.string
        return text.hasPrefix(bytes: fetchPrefix) || (text.hasPrefix(bytes: prefix) && text.hasSuffix(bytes: suffix))
    }

    /// Removes from a folder what killed writers left in it; what cannot be removed stays.
    static func sweep(_ folder: Folder) {
        guard let names = try? folder.names() else { return }
        for name in names where isName(name) { sweep(name, in: folder) }
    }

    static func sweep(_ name: FilePath.Component, in folder: Folder) {
        guard !name.string.hasPrefix(bytes: fetchPrefix), let file = try? folder.update(name),
            let status = try? file.status(),
            status.kind == .regular
        else {
            return
        }
        let isOurs = name.string.hasPrefix(bytes: "\(prefix)\(machine)-")
        let age = Int64(Timestamp.now().seconds) - status.modifiedSeconds
        guard isOurs || age > patience, (try? file.lock(wait: false)) == true else { return }
        _ = try? folder.remove(name)
    }
}
