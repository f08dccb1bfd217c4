import Hashing
import POSIX

/// The file that a blob is written to, hashed and counted as it passes.
final class BlobOutput {
    private let file: File
    private var hash: SHA256? = SHA256()
    private(set) var size: Int64 = 0

    init(_ file: consuming File) { self.file = file }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        hash?.update(bytes)
        size += Int64(bytes.count)
        do throws(POSIXError) { try file.write(bytes) } catch {
            throw ArchiveError(error.action, error.path, error.errno)
        }
    }

    func write(_ bytes: [UInt8]) throws(ArchiveError) {
        try bytes.span.bytes.withUnsafeBytes { (buffer) throws(ArchiveError) in try write(buffer) }
    }

    func finish() -> [UInt8] {
        guard let hash = hash.take() else { return [] }
        return hash.finish()
    }
}
