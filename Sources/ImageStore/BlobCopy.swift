import Hashing
import OCI
import POSIX
import SystemPackage
import Wording

/// Copies blobs from file to file, and verifies their digests.
enum BlobCopy {
    static func copy(_ source: borrowing File, to target: borrowing File, expecting blob: Descriptor) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var hash = SHA256()
        while true {
            let count = try source.read(into: buffer)
            if count == 0 { break }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(bytes)
            try target.write(bytes)
        }
        let digest = Digest(sha256: hash.finish())
        guard digest == blob.digest else {
            throw Failure("copy blob \(blob.digest)", "the content of \(source.path) has the digest \(digest)")
        }
    }
    /// Verifies that a file's content has a blob's digest.
    ///
    /// Errors name `path`, which differs from `file` if that is a temporary link.
    static func verify(_ file: FilePath, named path: FilePath, expecting blob: Descriptor) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var hash = SHA256()
        let source = try File(file, .read)
        while true {
            let count = try source.read(into: buffer)
            if count == 0 { break }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        let digest = Digest(sha256: hash.finish())
        guard digest == blob.digest else {
            throw Failure("copy blob \(blob.digest)", "the content of \(path) has the digest \(digest)")
        }
    }
}
