import POSIX
import SystemPackage

/// A file on its way out of a bucket, under another name until it is whole.
final class TargetFile: PartSource {
    private let file: File
    private let path: FilePath
    let action: String
    /// Where an earlier process left content, right or not.
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

    /// What an earlier process left, or a new file; one that another process is at work on is left to it.
    private static func open(_ object: UploadedObject, to path: FilePath) throws(POSIXError) -> File {
        let partial = PartialFile.path(of: object, to: path)
        for other in PartialFile.others(than: partial, to: path) { try removeUnused(other) }
        // What comes in one piece has no parts that could stay.
        if object.parts.count > 1 {
            let file = try File(partial, .update(mode: 0o666))
            // Its name may have gone to the finished file between the two calls.
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

    /// True where no earlier process left anything.
    var isNew: Bool { extents.isEmpty }

    /// True where an earlier process wrote to a part, so that comparing it is worth the while.
    func mayHold(offset: Int64, length: Int64) -> Bool { extents.contains { $0.overlaps(offset..<offset + length) } }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    /// What is not there yet has another hash.
    func endsEarly() {}

    /// Lets the disk begin with a part that is whole, so that there is less to wait for in the end.
    func beginSync(offset: Int64, length: Int64) { file.beginSync(offset: offset, length: length) }

    /// Gives the file its name once its content is on the disk.
    func publish() throws(StorageError) {
        do throws(POSIXError) {
            try file.sync()
            try FileSystem.rename(file.path, to: path, sync: true)
        } catch { throw StorageError(error, doing: action) }
    }

    /// Leaves what has come to whoever goes on with it, in this process too.
    func leave() { file.unlock() }

    func discard() { try? FileSystem.remove(file.path) }
}
