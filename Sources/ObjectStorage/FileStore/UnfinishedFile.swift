import ByteText
import Hashing
import POSIX
import SystemPackage
import Timestamps

/// The names of unfinished files, and the removal of those whose writer was killed.
///
/// A writer holds the file's lock, which its kernel releases when the process ends. The name identifies the machine and
/// its boot. Only on the same machine and boot does a free lock prove that the writer has ended, because some shared
/// file systems keep locks local. A file of another machine must also be a day old.
enum UnfinishedFile {
    private static let prefix = ".caas-"
    private static let suffix = ".tmp"
    /// The prefix of files fetched in parts, which stay until the fetch is resumed.
    static let fetchPrefix = ".caas-fetch-"
    private static let patience: Int64 = 86_400

    /// An identifier of this machine's current boot, the same for all its processes.
    static let machine: String = {
        let boot = (try? FileSystem.read("/proc/sys/kernel/random/boot_id", limit: 256)) ?? RandomBytes.make(16)
        return String(SHA256.hash(boot).hexadecimal.prefix(12))
    }()

    /// Returns a unique name; nil cannot occur, since hexadecimal digits always form a valid name.
    static func makeName() -> FilePath.Component? {
        FilePath.Component("\(prefix)\(machine)-\(RandomBytes.make(10).hexadecimal)\(suffix)")
    }

    /// Returns true for the name of an unfinished file.
    static func isName(_ name: FilePath.Component) -> Bool {
        let text = name.string
        return text.hasPrefix(bytes: fetchPrefix) || (text.hasPrefix(bytes: prefix) && text.hasSuffix(bytes: suffix))
    }

    /// Removes the files that killed writers left in a folder; ignores those that cannot be removed.
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
