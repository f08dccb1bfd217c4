import Containers
import ImageLayers
import POSIX
import SystemPackage
import Timestamps

/// The folders of one command: one on the disk for large files, and one in memory that disappears with the process.
///
/// The remains of a killed command on the disk have no lock, and the next command removes them.
final class StepScratch: Sendable {
    /// The folder on the disk, in the same file system as the unpacked layers.
    let folder: FilePath
    /// The folder in memory, which other processes cannot see.
    let scratch: FilePath
    let place: StepFolders
    let overlay: Overlay
    private let mark: File

    init(_ place: StepFolders, users: RuntimeDocument.Users) throws {
        self.place = place
        for folder in [place.trees, place.caches, place.temporary, place.locks] {
            try FileSystem.makeFolder(folder)
        }
        Self.removeAbandoned(in: place.temporary)
        let folder = try FileSystem.makeTemporaryFolder(in: place.temporary, prefix: "run-")
        self.folder = folder
        let mark = try File(folder, .read)
        _ = try mark.lock(wait: true)
        self.mark = mark
        let scratch = folder.appending("scratch")
        self.scratch = scratch
        try FileSystem.makeFolder(scratch)
        let links = scratch.appending("links")
        try Mount.makePrivate()
        // runc reads process IDs in /proc, which must be those of this PID namespace.
        try Mount.make("proc", at: "/proc", [.noSetuid, .noDevices, .noPrograms])
        try Mount.make("tmpfs", at: scratch, options: "mode=700", [.noSetuid, .noDevices])
        overlay = try Overlay(linksIn: links, isInUserNamespace: users != .all)
        // Control groups would outlive a killed process. If runc cannot make any, it continues without them.
        _ = Mount.makeReadOnly(everythingAt: "/sys/fs/cgroup")
    }

    /// Removes the folders; a deinitializer would be too late, because the process ends before all threads do.
    func close() {
        try? Mount.remove(scratch)
        try? FileSystem.removeTree(folder)
    }

    /// Makes a folder on the disk.
    func makeFolder(_ name: String) throws -> FilePath { try Self.make(folder.appending(name)) }

    /// Makes a folder in memory.
    func makeScratch(_ name: String) throws -> FilePath { try Self.make(scratch.appending(name)) }

    private static func make(_ folder: FilePath) throws -> FilePath {
        try FileSystem.makeFolder(folder)
        return folder
    }

    /// Locks the name of something to make, and waits while another process makes it.
    func lock(_ name: String) throws -> HeldLock {
        let path = place.locks.appending(name)
        let file = try File(path, .update(mode: 0o644))
        _ = try file.lock(wait: true)
        return HeldLock(file)
    }

    /// Removes the folders of killed commands, which have no lock; a younger folder may be about to be locked.
    static func removeAbandoned(in temporary: FilePath) {
        guard let names = try? FileSystem.names(in: temporary) else { return }
        let limit = Int64(Timestamp.now().seconds - 10) * 1_000_000_000
        for path in names.map({ temporary.appending($0) }) {
            guard let folder = try? File(readingNoFollow: path), let status = try? folder.status(),
                status.modified < limit, (try? folder.lock(wait: false)) == true
            else { continue }
            try? FileSystem.removeTree(path)
        }
    }
}
