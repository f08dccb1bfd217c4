import POSIX
import SystemPackage

/// The file of a download, under a temporary name until it is complete.
final class TargetFile: PartSource {
    private let file: File
    private let path: FilePath
    let action: String
    /// The ranges that an earlier process has written, correct or not.
    private let extents: [Range<Int64>]

    init(
        _ object: UploadedObject, to path: FilePath, doing action: String
    ) throws(StorageError) {
        do throws(POSIXError) {
            file = try Self.open(object, to: path)
            extents = try file.extents(size: file.status().size)
        } catch { throw StorageError(error, doing: action) }
        self.path = path
        self.action = action
    }

    /// Opens an earlier process's temporary file, or a new one where there is none or another process has locked it.
    private static func open(_ object: UploadedObject, to path: FilePath) throws(POSIXError) -> File {
        let partial = PartialFile.path(of: object, to: path)
        for other in PartialFile.others(than: partial, to: path) { try removeUnused(other) }
        // An object in one piece has no parts that could be kept.
        if object.parts.count > 1 {
            let file = try File(partial, .update(mode: 0o666))
            // The file may have been renamed to its final name between opening and locking.
            if try file.lock(wait: false), file.hasItsName {
                if try file.status().size > object.size { try file.truncate() }
                return file
            }
        }
        return try File(FileSystem.temporaryPath(beside: path), .update(mode: 0o666))
    }

    private static func removeUnused(_ path: FilePath) throws(POSIXError) {
        guard let file = try? File(path, .read), try file.lock(wait: false) else { return }
        try FileSystem.remove(path)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StorageError) {
        do throws(POSIXError) { try file.write(bytes, at: offset) } catch { throw StorageError(error, doing: action) }
    }

    /// True where no earlier process has left any content.
    var isNew: Bool { extents.isEmpty }

    /// Returns true where an earlier process wrote to a part, so that comparing its hash is worthwhile.
    func mayHold(offset: Int64, length: Int64) -> Bool { extents.contains { $0.overlaps(offset..<offset + length) } }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    /// Does nothing: a part that is not complete yet simply has another hash.
    func endsEarly() {}

    /// Starts writeback of a finished part, so that the final sync takes less time.
    func beginSync(offset: Int64, length: Int64) { file.beginSync(offset: offset, length: length) }

    /// Syncs the content and renames the file to its final name.
    func publish() throws(StorageError) {
        do throws(POSIXError) {
            try file.sync()
            try FileSystem.rename(file.path, to: path, sync: true)
            file.endWriting(at: path)
        } catch { throw StorageError(error, doing: action) }
    }

    /// Releases the lock, so that another call, in this process too, can resume the download.
    func leave() { file.unlock() }

    func discard() { try? FileSystem.remove(file.path) }
}
