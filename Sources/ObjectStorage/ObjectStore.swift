package import SystemPackage

/// The object store operations that a run needs.
package protocol ObjectStore: Sendable {
    /// Writes a small object.
    ///
    /// With `once`, an existing object that this call did not write stays as it is, where the server supports
    /// conditional writes.
    func put(_ key: String, _ content: [UInt8], contentType: String, once: Bool) async throws(StorageError)

    /// Uploads a file; never publishes a file that changes while it is read.
    ///
    /// `progress` receives the number of bytes sent so far, on any thread.
    func upload(
        _ file: FilePath, to key: String, once: Bool, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> UploadedObject

    /// Copies an uploaded object to another key within the service; none of its bytes go over the network.
    ///
    /// Returns nil where the store cannot copy, or where nothing proves that the copy is the uploaded content.
    func copy(_ object: UploadedObject, to key: String) async throws(StorageError) -> UploadedObject?

    /// Returns the content of an object of at most `limit` bytes; nil where there is no object.
    func get(_ key: String, limit: Int) async throws(StorageError) -> [UInt8]?

    /// Downloads an object; the file appears under its name, synced to disk, only after every part's hash matched.
    func download(
        _ object: UploadedObject, to file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError)

    /// Returns the size, ETag and metadata of an object; nil where there is no object.
    func head(_ key: String) async throws(StorageError) -> ObjectStatus?

    /// Deletes an object; does nothing where there is none.
    func delete(_ key: String) async throws(StorageError)

    /// Returns every object whose key starts with the prefix, in key order.
    func list(_ prefix: String) async throws(StorageError) -> [ListedObject]

    /// Returns true where the bucket holds the uploaded content; false only where the content is known to differ.
    ///
    /// The right size together with our upload token, or with an ETag that matches our parts, is enough. Otherwise the
    /// object is read back once.
    func verify(_ object: UploadedObject) async throws(StorageError) -> Bool

    /// The seconds by which the server's clock is ahead of this machine's; 0 before the first answer.
    var clockOffset: Int { get }
}

extension ObjectStore {
    /// Writes a small object and replaces an existing one.
    package func put(_ key: String, _ content: [UInt8], contentType: String) async throws(StorageError) {
        try await put(key, content, contentType: contentType, once: false)
    }

    /// Uploads a file to a key that is written only once.
    package func upload(
        _ file: FilePath, to key: String, progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(StorageError) -> UploadedObject {
        try await upload(file, to: key, once: true, progress: progress)
    }

    /// Returns nil: the default for stores that cannot copy.
    package func copy(_ object: UploadedObject, to key: String) async throws(StorageError) -> UploadedObject? { nil }

    /// Downloads an object without reporting progress.
    package func download(_ object: UploadedObject, to file: FilePath) async throws(StorageError) {
        try await download(object, to: file, progress: nil)
    }
}
