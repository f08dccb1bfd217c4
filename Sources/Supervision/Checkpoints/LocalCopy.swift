import Hashing
import POSIX
import RunContract
import SystemPackage

/// The check that a file on the disk matches a record, so that it need not be downloaded.
enum LocalCopy {
    /// Returns true if the size and the hash of every part match.
    static func fits(_ record: FileRecord, at path: FilePath) -> Bool {
        guard let file = try? File(readingNoFollow: path), let status = try? file.status(),
            status.kind == .regular, status.size == record.size
        else { return false }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { chunk.deallocate() }
        var offset: Int64 = 0
        for part in record.parts {
            var hash = SHA256()
            let end = min(record.size, offset + max(record.partSize, 1))
            while offset < end {
                let wanted = UnsafeMutableRawBufferPointer(rebasing: chunk.prefix(Int(min(1 << 20, end - offset))))
                guard let count = try? file.read(into: wanted, at: offset), count > 0 else { return false }
                hash.update(UnsafeRawBufferPointer(rebasing: wanted.prefix(count)))
                offset += Int64(count)
            }
            guard hash.finish().hexadecimal == part else { return false }
        }
        return offset == record.size
    }
}
