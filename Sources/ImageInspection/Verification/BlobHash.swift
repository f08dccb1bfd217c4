import Hashing
import OCI
import POSIX

/// Computes the size and digest of a file of any length.
enum BlobHash {
    static func read(_ file: borrowing File) throws -> (size: Int64, digest: Digest) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var hash = SHA256()
        var size: Int64 = 0
        while true {
            let count = try file.read(into: buffer)
            if count == 0 { break }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            size += Int64(count)
        }
        return (size, Digest(sha256: hash.finish()))
    }
}
