import Containers
import POSIX
import SystemPackage
import Timestamps

/// The folders of one run: one on the disk for what may be big, and one in memory that goes with the process.
///
/// What a killed run leaves on the disk has no lock, and the next one removes it.
final class RunSession: Sendable {
    /// On the disk that keeps layers.
    let folder: FilePath
    /// In memory, and in no other process's sight.
    let scratch: FilePath
    let place: RunPlace
    let overlay: Overlay
    private let mark: File

    init(_ place: RunPlace, users: RuntimeDocument.Users) throws(ImageBuildError) {
        self.place = place
        for folder in [place.trees, place.caches, place.temporary, place.locks] {
            try posix { () throws(POSIXError) in try FileSystem.makeFolder(folder) }
        }
        Self.removeAbandoned(in: place.temporary)
        let folder = try posix { () throws(POSIXError) in
            try FileSystem.makeTemporaryFolder(in: place.temporary, prefix: "run-")
        }
        self.folder = folder
        let mark = try posix { () throws(POSIXError) in try File(folder, .read) }
        _ = try posix { () throws(POSIXError) in try mark.lock(wait: true) }
        self.mark = mark
        let scratch = folder.appending("scratch")
        self.scratch = scratch
        try posix { () throws(POSIXError) in try FileSystem.makeFolder(scratch) }
        let links = scratch.appending("links")
        overlay = try contained { () throws(ContainerError) in
            try Mount.makePrivate()
            // runc reads the numbers of processes there, which are those of this PID namespace.
            try Mount.make("proc", at: "/proc", [.noSetuid, .noDevices, .noPrograms])
            try Mount.make("tmpfs", at: scratch, options: "mode=700", [.noSetuid, .noDevices])
            return try Overlay(linksIn: links, isInUserNamespace: users != .all)
        }
        // Control groups outlive a process that is killed. Where they cannot be made, runc goes on without.
        _ = Mount.makeReadOnly(everythingAt: "/sys/fs/cgroup")
    }

    /// Removes the folders; not left to the last who holds this, since the process ends before all threads do.
    func close() {
        try? Mount.remove(scratch)
        try? FileSystem.removeTree(folder)
    }

    /// A new folder on the disk.
    func makeFolder(_ name: String) throws(ImageBuildError) -> FilePath { try Self.make(folder.appending(name)) }

    /// A new folder in memory.
    func makeScratch(_ name: String) throws(ImageBuildError) -> FilePath { try Self.make(scratch.appending(name)) }

    private static func make(_ folder: FilePath) throws(ImageBuildError) -> FilePath {
        try posix { () throws(POSIXError) in try FileSystem.makeFolder(folder) }
        return folder
    }

    /// The lock on something that is being made; waits for whoever makes it now.
    func lock(_ name: String) throws(ImageBuildError) -> HeldLock {
        let path = place.locks.appending(name)
        return try posix { () throws(POSIXError) in
            let file = try File(path, .update(mode: 0o644))
            _ = try file.lock(wait: true)
            return HeldLock(file)
        }
    }

    /// Removes what killed runs left, whose locks nobody holds; a younger folder may be about to be locked.
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

/// Uses namespaces and mounts inside a function that throws this module's error.
func contained<Value: ~Copyable>(_ body: () throws(ContainerError) -> Value) throws(ImageBuildError) -> Value {
    do throws(ContainerError) { return try body() } catch { throw ImageBuildError(copying: error.description) }
}
