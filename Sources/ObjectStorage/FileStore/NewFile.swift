import Hashing
import POSIX
import SystemPackage

/// A file that is being written; it appears under its final name only when it is complete and on disk.
final class NewFile: Sendable {
    private let folder: Folder
    private let temporary: FilePath.Component
    private let file: File

    /// Creates an empty file with a temporary name in a folder.
    init(in folder: Folder) throws(POSIXError) {
        // A process that cleans the folder may remove the file between its creation and its lock.
        for _ in 0..<8 {
            guard let name = UnfinishedFile.makeName() else { break }
            let file = try folder.create(name, mode: 0o666)
            // Where locks are not supported, no process removes files by their lock either.
            _ = try? file.lock(wait: false)
            guard try file.status().links > 0 else { continue }
            self.folder = folder
            self.file = file
            temporary = name
            return
        }
        throw POSIXError("write to", folder.path, .resourceTemporarilyUnavailable)
    }

    /// Writes at an offset; several threads may write to different places.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(POSIXError) {
        try file.write(bytes, at: offset)
    }

    /// Syncs the content and renames the file to `name`; with `once`, returns false where the name is taken.
    func publish(as name: FilePath.Component, once: Bool) throws(POSIXError) -> Bool {
        try file.sync()
        file.dropCache(offset: 0, length: 0)
        if once {
            guard try linked(as: name) else { return false }
        } else {
            try folder.rename(temporary, to: name)
        }
        try folder.sync()
        file.endWriting(at: folder.path.appending(name))
        return true
    }

    /// Uses link(2), which fails where the name exists; rename(2) would replace it.
    private func linked(as name: FilePath.Component) throws(POSIXError) -> Bool {
        do throws(POSIXError) {
            try folder.link(temporary, in: folder, as: name)
            try folder.remove(temporary)
            return true
        } catch {
            if error.errno == .fileExists { return false }
            let cannot: [Errno] = [.notPermitted, .notSupported, .noFunction, .tooManyLinks]
            guard cannot.contains(error.errno) else {
                throw error
            }
        }
        // A file system without hard links: of two writers at the same moment the later one wins.
        guard try folder.status(name) == nil else { return false }
        try folder.rename(temporary, to: name)
        return true
    }

    func discard() { _ = try? folder.remove(temporary) }
}
