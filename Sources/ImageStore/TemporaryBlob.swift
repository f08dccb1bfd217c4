import Hashing
package import OCI
package import POSIX
package import SystemPackage

/// A blob that is being written under a temporary name; it is removed unless it is kept.
package struct TemporaryBlob: ~Copyable, Sendable {
    /// Where its bytes are until it is kept.
    package let path: FilePath
    /// Its lock tells others that its writer lives.
    private let file: File
    private let store: ImageStore

    init(in store: ImageStore) throws(ImageStoreError) {
        let folder = store.temporaryFolder
        let file = try posix { () throws(POSIXError) -> File in
            try FileSystem.makeFolder(folder)
            return try File(FileSystem.temporaryPath(beside: folder.appending("blob")), .create(mode: 0o666))
        }
        _ = try posix { () throws(POSIXError) in try file.lock(wait: true) }
        path = file.path
        self.file = file
        self.store = store
    }

    deinit { try? FileSystem.remove(path) }

    /// A second handle on the empty file, to write it.
    package func open() throws(ImageStoreError) -> File {
        let path = path
        return try posix { () throws(POSIXError) in try File(path, .replace(mode: 0o666)) }
    }

    /// Gives the blob its name; the caller has hashed what it wrote.
    package consuming func keep(as digest: Digest) throws(ImageStoreError) {
        let name = store.path(of: digest)
        let path = path
        try store.session.keep(digest) { () throws(ImageStoreError) in
            try posix { () throws(POSIXError) in try FileSystem.rename(path, to: name) }
        }
    }
}

/// A blob that arrives in pieces, hashed and counted on the way.
package struct BlobWriter: ~Copyable {
    private let descriptor: Descriptor
    private let blob: TemporaryBlob
    private let file: File
    private var hash = SHA256()
    private var size: Int64 = 0

    init(_ descriptor: Descriptor, in store: ImageStore) throws(ImageStoreError) {
        let blob = try TemporaryBlob(in: store)
        let file = try blob.open()
        self.descriptor = descriptor
        self.blob = blob
        self.file = file
    }

    /// Takes bytes; more than were announced are refused at once.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ImageStoreError) {
        size += Int64(bytes.count)
        guard size <= descriptor.size else {
            throw ImageStoreError("store blob \(descriptor.digest)", "it is longer than \(descriptor.size) bytes")
        }
        hash.update(bytes)
        do throws(POSIXError) { try file.write(bytes) } catch { throw ImageStoreError(error) }
    }

    /// Keeps the blob if its length and digest are those that were announced.
    package consuming func finish() throws(ImageStoreError) {
        guard size == descriptor.size else {
            throw ImageStoreError(
                "store blob \(descriptor.digest)", "it has \(size) bytes rather than \(descriptor.size)")
        }
        let digest = Digest(sha256: hash.finish())
        guard digest == descriptor.digest else {
            throw ImageStoreError("store blob \(descriptor.digest)", "its content has the digest \(digest)")
        }
        try blob.keep(as: digest)
    }
}
