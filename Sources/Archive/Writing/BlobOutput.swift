import Hashing
import POSIX

/// The file of a blob, which hashes and counts the written bytes.
// Sendable: only the thread that writes the blob uses it at any time.
final class BlobOutput: @unchecked Sendable {
    private var file: File?
    private var hash: SHA256?
    private(set) var size: Int64 = 0
    private let onWrite: (Int64) -> Void

    /// Creates an output; `onWrite` receives the file's length.
    ///
    /// A blob that equals its tar needs no digest of its own.
    init(_ file: consuming File, isHashed: Bool = true, onWrite: @escaping (Int64) -> Void) {
        self.file = consume file
        self.onWrite = onWrite
        hash = isHashed ? SHA256() : nil
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        hash?.update(bytes)
        size += Int64(bytes.count)
        try file?.write(bytes)
        onWrite(size)
    }

    func write(_ bytes: [UInt8]) throws {
        try bytes.span.bytes.withUnsafeBytes { (buffer) in try write(buffer) }
    }

    /// Closes the file at once, even if other references to this object remain.
    func close() { _ = file.take() }

    /// Returns the digest; empty where `isHashed` was false.
    func finish() -> [UInt8] { hash.take()?.finish() ?? [] }
}
