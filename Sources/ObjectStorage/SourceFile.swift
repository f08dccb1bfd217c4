import HTTP
import Hashing
import POSIX
import SystemPackage

/// A file on its way into a bucket, with what it was when that began.
final class SourceFile: Sendable {
    private static let chunk = 256 << 10

    let body: BodyFile
    let size: Int64
    private let opened: FileStatus
    private let action: String
    /// In the background it is read at the lowest priority, and not kept in memory afterwards.
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

    var identity: FileIdentity { FileIdentity(opened) }

    /// A part is read twice, to be hashed and to be sent; then the kernel need not keep it.
    func dropCache(offset: Int64, length: Int64) {
        if limits?.isBackground == true { body.dropCache(offset: offset, length: length) }
    }

    /// Throws where the file is no longer what it was when it was opened.
    func checkUnchanged() throws(StorageError) {
        let now: FileStatus
        do throws(POSIXError) { now = try body.status() } catch { throw StorageError(error, doing: action) }
        guard now.isUnchanged(since: opened) else {
            throw StorageError(
                .changedWhileRead, action, "the file changed while it was read; upload it when it is complete")
        }
    }

    /// SHA-256, and MD5 if asked, of a part, read on a thread of its own.
    func hash(
        offset: Int64, length: Int64, withMD5: Bool
    ) async throws(StorageError) -> (sha256: [UInt8], md5: [UInt8]?) {
        try await BlockingThread.run(inBackground: limits?.isBackground == true) { [self] () throws(StorageError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 4096)
            defer { buffer.deallocate() }
            var sha256 = SHA256()
            var md5 = MD5()
            var position: Int64 = 0
            while position < length {
                let room = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[..<Int(min(Int64(Self.chunk), length - position))])
                let count: Int
                do throws(POSIXError) { count = try body.read(into: room, at: offset + position) } catch {
                    throw StorageError(error, doing: action)
                }
                if count == 0 { break }
                let bytes = UnsafeRawBufferPointer(rebasing: room[..<count])
                sha256.update(bytes)
                if withMD5 { md5.update(bytes) }
                position += Int64(count)
            }
            if position < length { try checkUnchanged() }
            return (sha256.finish(), withMD5 ? md5.finish() : nil)
        }
    }
}
