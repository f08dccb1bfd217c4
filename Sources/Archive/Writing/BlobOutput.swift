import Hashing
import POSIX

/// The file that a blob is written to, hashed and counted as it passes.
// Sendable: one thread has it at a time, the one that writes the blob.
final class BlobOutput: @unchecked Sendable {
    private var file: File?
    private var hash: SHA256?
    private(set) var size: Int64 = 0
    private let onWrite: (Int64) -> Void

    /// A blob that is its tar needs no digest of its own; `onWrite` hears how long the file is.
    init(_ file: consuming File, isHashed: Bool = true, onWrite: @escaping (Int64) -> Void) {
        self.file = consume file
        self.onWrite = onWrite
        hash = isHashed ? SHA256() : nil
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        hash?.update(bytes)
        size += Int64(bytes.count)
        do throws(POSIXError) { try file?.write(bytes) } catch {
            throw ArchiveError(error.action, error.path, error.errno)
        }
        onWrite(size)
    }

    func write(_ bytes: [UInt8]) throws(ArchiveError) {
        try bytes.span.bytes.withUnsafeBytes { (buffer) throws(ArchiveError) in try write(buffer) }
    }

    /// Lets go of the file at once, whoever still knows of this object.
    func close() { _ = file.take() }

    /// The digest, empty where it was not asked for.
    func finish() -> [UInt8] { hash.take()?.finish() ?? [] }
}
