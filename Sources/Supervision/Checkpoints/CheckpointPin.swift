import POSIX
import RunContract
import SystemPackage

/// Keeps the files of a complete checkpoint while they wait for their upload, also where the trainer deletes them.
///
/// A file gets a second name by a hard link, which survives a killed container. Where the file system has none it is held
/// open instead. Either way it is the same file: what the trainer writes into it is noticed as a change.
final class CheckpointPin: Sendable {
    private final class HeldFile: Sendable {
        let file: File

        init(_ path: FilePath) throws(POSIXError) { file = try File(path, .read) }

        /// A path that leads to the file also after its last name was removed.
        /// <https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html>
        var path: FilePath { FilePath("/proc/self/fd/\(file.descriptor)") }
    }

    private let folder: FilePath
    private let held: [RelativePath: HeldFile]

    /// Pins files below `root` in a new folder; throws where one of them cannot be kept in either way.
    init(_ files: some Sequence<RelativePath>, below root: FilePath, in folder: FilePath) throws(POSIXError) {
        var held: [RelativePath: HeldFile] = [:]
        do throws(POSIXError) {
            try FileSystem.removeTree(folder)
            for name in files {
                // A link to a symbolic link would keep the link alone.
                let file = try FileSystem.realPath(name.path(below: root))
                let copy = name.path(below: folder)
                try FileSystem.makeFolder(copy.removingLastComponent(), mode: 0o700)
                if try !FileSystem.link(file, as: copy) { held[name] = try HeldFile(file) }
            }
        } catch {
            try? FileSystem.removeTree(folder)
            throw error
        }
        self.folder = folder
        self.held = held
    }

    /// Returns the path at which a pinned file is read.
    func path(of name: RelativePath) -> FilePath { held[name]?.path ?? name.path(below: folder) }

    /// Removes the second names; held files are closed with the last reference.
    func release() { try? FileSystem.removeTree(folder) }
}

/// The pins of a run's checkpoints, in a folder on the disk of its data.
struct CheckpointPins: Sendable {
    let folder: FilePath

    /// Pins a checkpoint; nil where one of its files is gone already or cannot be kept.
    func pin(_ note: PendingUpload, below root: FilePath) -> CheckpointPin? {
        try? CheckpointPin(note.files.keys, below: root, in: place(of: note))
    }

    /// Gives files of a checkpoint that an earlier attempt pinned, and the trainer deleted, their names again.
    func putBack(_ note: PendingUpload, below root: FilePath) {
        let place = place(of: note)
        for (name, snapshot) in note.files {
            let (pinned, file) = (name.path(below: place), name.path(below: root))
            guard let status = try? FileStatus(pinned), FileSnapshot(status).isSameContent(as: snapshot) else {
                continue
            }
            try? FileSystem.makeFolder(file.removingLastComponent())
            // A file that has the name already stays.
            _ = try? FileSystem.link(pinned, as: file)
        }
    }

    /// Removes the second names of a checkpoint's files, whichever attempt made them.
    func release(_ note: PendingUpload) { try? FileSystem.removeTree(place(of: note)) }

    /// Removes every pin.
    func clear() { try? FileSystem.removeTree(folder) }

    private func place(of note: PendingUpload) -> FilePath { folder.appending(note.fileName) }
}
