package import SystemPackage

/// A store of objects under keys: what runs and the `storage` verbs need of every kind.
///
/// What only some kinds can do has protocols of its own: ``LocalStore``, ``PresigningStore``, ``ServerSideCopying``
/// and ``MultipartStore``.
package protocol ObjectStore: Sendable {
    /// The name of an object, or of a prefix, in error messages.
    func name(_ key: String) -> String

    /// The limits on the store's transfers, which may change at any time.
    var limits: TransferLimits { get }

    /// What callers must know of this kind of store.
    var traits: StoreTraits { get }

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

    /// Fetches an object of which no record with part hashes exists.
    ///
    /// The file appears under its name, synced to disk, only when it is complete. A file that certainly has the
    /// object's content is not fetched again, nor are parts that an interrupted call has fetched.
    func fetch(
        _ key: String, to file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> FetchedObject

    /// Returns true where an object certainly has the content of a local file; false also where that is unknown.
    ///
    /// `progress` receives the number of the file's bytes read.
    func holds(
        _ object: ListedObject, contentOf file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool

    /// Returns the size, ETag and metadata of an object; nil where there is no object.
    func head(_ key: String) async throws(StorageError) -> ObjectStatus?

    /// Deletes an object; does nothing where there is none.
    func delete(_ key: String) async throws(StorageError)

    /// Passes the objects whose keys start with the prefix to `page`, page by page in key order, until `page` returns
    /// false.
    ///
    /// With `isShallow`, leaves out objects beyond the next slash and reports their common prefixes instead.
    func list(
        _ prefix: String, isShallow: Bool, _ page: (ListedPage) -> Bool
    ) async throws(StorageError)

    /// Returns true where the bucket holds the uploaded content; false only where the content is known to differ.
    ///
    /// The right size together with our upload token, or with an ETag that matches our parts, is enough. Otherwise the
    /// object is read back once; `progress` then receives the number of its bytes read.
    func verify(
        _ object: UploadedObject, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool

    /// Returns true where a listing alone proves that the store holds the uploaded content.
    func proves(_ object: UploadedObject, _ listed: ListedObject) -> Bool

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

    /// Returns every object whose key starts with the prefix, in key order.
    package func list(_ prefix: String) async throws(StorageError) -> [ListedObject] {
        var objects: [ListedObject] = []
        try await list(prefix, isShallow: false) { page in
            objects += page.objects
            return true
        }
        return objects
    }

    /// Returns the common prefixes of the keys that start with the prefix, up to the next slash.
    package func folders(_ prefix: String) async throws(StorageError) -> [String] {
        var folders: [String] = []
        try await list(prefix, isShallow: true) { page in
            folders += page.folders
            return true
        }
        return folders
    }

    /// Returns true where the store holds the uploaded content; false only where the content is known to differ.
    package func verify(_ object: UploadedObject) async throws(StorageError) -> Bool {
        try await verify(object, progress: nil)
    }

    /// Returns nil: the default for stores that cannot copy.
    package func copy(_ object: UploadedObject, to key: String) async throws(StorageError) -> UploadedObject? { nil }

    /// Downloads an object without reporting progress.
    package func download(_ object: UploadedObject, to file: FilePath) async throws(StorageError) {
        try await download(object, to: file, progress: nil)
    }
}
