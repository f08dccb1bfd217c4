import HTTP
import Hashing
import POSIX
import SystemPackage

/// A file that is uploaded, with its status when it was opened.
final class SourceFile: PartSource {
    /// The largest file that is read into memory; all that are sent at once then need only a few megabytes.
    private static let small: Int64 = 256 << 10

    let body: BodyFile
    let size: Int64
    private let opened: FileStatus
    let action: String
    /// The limits of the client, which may spare the page cache; nil for none.
    private let limits: TransferLimits?

    init(_ path: FilePath, limits: TransferLimits?, doing action: String) throws(StorageError) {
        do throws(POSIXError) {
            body = try BodyFile(path)
            opened = try body.status()
        } catch { throw StorageError(error, doing: action) }
        guard opened.kind == .regular else { throw StorageError(.local, action, "'\(path)' is no regular file") }
        size = opened.size
        self.action = action
        self.limits = limits
    }

    /// The file's name, as progress messages show it.
    var name: String { body.path.lastComponent?.string ?? "a file" }

    var identity: FileIdentity { FileIdentity(opened) }

    /// Drops a range from the page cache: a part is read twice, to be hashed and to be sent, and then no more.
    func dropCache(offset: Int64, length: Int64) {
        if limits?.sparesCache == true { body.dropCache(offset: offset, length: length) }
    }

    /// Throws where the file's status differs from the one at opening.
    func checkUnchanged() throws(StorageError) {
        let now: FileStatus
        do throws(POSIXError) { now = try body.status() } catch { throw StorageError(error, doing: action) }
        guard now.hasSameContent(as: opened) else {
            throw StorageError(
                .changedWhileRead, action, "the file changed while it was read; upload it when it is complete")
        }
    }

    /// Reads a small file into memory, to be sent from there; nil for a larger one.
    ///
    /// A file that is read only once cannot change between hashing and sending.
    func contentIfSmall(withMD5: Bool) throws(StorageError) -> WholeContent? {
        guard size <= Self.small else { return nil }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(size), alignment: 16)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let piece = try piece(into: rest, at: Int64(filled))
            if piece.isEmpty { break }
            filled += piece.count
        }
        try checkUnchanged()
        let bytes = Array(buffer[..<filled])
        return WholeContent(
            body: .bytes(bytes), hashes: PartHashes(sha256: SHA256.hash(bytes), md5: withMD5 ? MD5.hash(bytes) : nil))
    }

    func endsEarly() throws(StorageError) { try checkUnchanged() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int {
        try body.read(into: buffer, at: offset)
    }
}
