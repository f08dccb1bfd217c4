package import SystemPackage

/// A bucket, as far as runs need one.
package protocol ObjectStore: Sendable {
    /// Writes a small object; with `once` one that is there already and is not ours is left alone where the server can.
    func put(_ key: String, _ content: [UInt8], contentType: String, once: Bool) async throws(StorageError)

    /// Uploads a file; one that changes while it is read is never published.
    ///
    /// `progress` hears the number of bytes sent so far, from any thread.
    func upload(
        _ file: FilePath, to key: String, once: Bool, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> UploadedObject

    /// Has what was uploaded copied to another key without moving a byte of it over the network.
    ///
    /// nil where the store cannot do that, or where nothing proves that the copy is what was uploaded.
    func copy(_ object: UploadedObject, to key: String) async throws(StorageError) -> UploadedObject?

    /// The content of an object of at most `limit` bytes, nil where there is none.
    func get(_ key: String, limit: Int) async throws(StorageError) -> [UInt8]?

    /// Downloads an object; the file has its name, and is on the disk, only once every part's hash was right.
    func download(
        _ object: UploadedObject, to file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError)

    /// What the server tells of an object, nil where there is none.
    func head(_ key: String) async throws(StorageError) -> ObjectStatus?

    /// Removes an object; nothing happens where there is none.
    func delete(_ key: String) async throws(StorageError)

    /// Every object whose key begins so, in the order of keys.
    func list(_ prefix: String) async throws(StorageError) -> [ListedObject]

    /// True where the bucket holds what was uploaded; false only where the content is known to be another.
    ///
    /// The right size and our token, or an ETag that fits our parts, are enough; else the object is read back once.
    func verify(_ object: UploadedObject) async throws(StorageError) -> Bool

    /// Seconds by which the server's clock is ahead of this machine's, 0 before the first answer.
    var clockOffset: Int { get }
}

extension ObjectStore {
    /// Writes a small object, whatever was there.
    package func put(_ key: String, _ content: [UInt8], contentType: String) async throws(StorageError) {
        try await put(key, content, contentType: contentType, once: false)
    }

    /// Uploads a file to a key that is written once.
    package func upload(
        _ file: FilePath, to key: String, progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(StorageError) -> UploadedObject {
        try await upload(file, to: key, once: true, progress: progress)
    }

    /// Stores copy nothing unless they say how.
    package func copy(_ object: UploadedObject, to key: String) async throws(StorageError) -> UploadedObject? { nil }

    /// Downloads an object without telling how far it is.
    package func download(_ object: UploadedObject, to file: FilePath) async throws(StorageError) {
        try await download(object, to: file, progress: nil)
    }
}
