import Hashing
package import OCI
package import POSIX
package import SystemPackage
import Wording

/// A blob under a temporary name while it is being written; it is removed unless it is kept.
package struct TemporaryBlob: ~Copyable, Sendable {
    /// The temporary path, valid until the blob is kept.
    package let path: FilePath
    /// The file whose lock shows that the writer is alive.
    private let file: File
    private let store: ImageStore

    init(in store: ImageStore) throws {
        let folder = store.temporaryFolder
        try FileSystem.makeFolder(folder)
        let file = try File(FileSystem.temporaryPath(beside: folder.appending("blob")), .create(mode: 0o666))
        _ = try file.lock(wait: true)
        path = file.path
        self.file = file
        self.store = store
    }

    deinit { try? FileSystem.remove(path) }

    /// Opens the empty file a second time, for writing.
    package func open() throws -> File {
        let path = path
        return try File(path, .replace(mode: 0o666))
    }

    /// Renames the file to its digest; the caller has computed the digest.
    package consuming func keep(as digest: Digest) throws {
        let name = store.path(of: digest)
        let path = path
        try store.session.keep(digest) { try FileSystem.rename(path, to: name) }
    }
}

/// Writes a blob that arrives in pieces, and verifies its size and digest.
package struct BlobWriter: ~Copyable {
    private let descriptor: Descriptor
    private let blob: TemporaryBlob
    private let file: File
    private var hash = SHA256()
    private var size: Int64 = 0

    init(_ descriptor: Descriptor, in store: ImageStore) throws {
        let blob = try TemporaryBlob(in: store)
        let file = try blob.open()
        self.descriptor = descriptor
        self.blob = blob
        self.file = file
    }

    /// Writes bytes; throws at once if they exceed the expected size.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        size += Int64(bytes.count)
        guard size <= descriptor.size else {
            throw Failure("store blob \(descriptor.digest)", "it is longer than \(descriptor.size) bytes")
        }
        hash.update(bytes)
        try file.write(bytes)
    }

    /// Keeps the blob if its size and digest are as expected.
    package consuming func finish() throws {
        guard size == descriptor.size else {
            throw Failure("store blob \(descriptor.digest)", "it has \(size) bytes rather than \(descriptor.size)")
        }
        let digest = Digest(sha256: hash.finish())
        guard digest == descriptor.digest else {
            throw Failure("store blob \(descriptor.digest)", "its content has the digest \(digest)")
        }
        try blob.keep(as: digest)
    }
}
