package import HTTP
package import SystemPackage

/// What callers must know of a kind of store.
package struct StoreTraits: Sendable, Hashable {
    /// True where another machine keeps the store, whose clock and network then matter.
    package let isRemote: Bool
    /// True where a listing can prove uploads, so that verifying many of them at the end costs few requests.
    package let provesByListing: Bool
}

/// A store whose objects are files of this machine.
package protocol LocalStore: ObjectStore {
    /// The folder that holds all objects.
    var root: FilePath { get }

    /// Returns the path of a key's file, which need not exist.
    func path(of key: String) throws(StorageError) -> FilePath

    /// Returns the path of a key's file, after creating the folders above it; none of them is a symbolic link.
    func path(making key: String) async throws(StorageError) -> FilePath
}

/// A store that can let others read or write one object for a time, by a URL.
package protocol PresigningStore: ObjectStore {
    /// Returns a URL that allows its holder one method on one object until it expires; it cannot be revoked.
    ///
    /// No request is sent: a missing object shows only when the URL is used.
    func presign(
        _ method: PresignedMethod, _ key: String, for lifetime: PresignedLifetime
    ) throws(StorageError) -> HTTPURL
}

/// The methods that a presigned URL can allow.
package enum PresignedMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case put = "PUT"
    case delete = "DELETE"
}

/// A store whose service can copy objects itself, so that none of their bytes go over the network.
package protocol ServerSideCopying: ObjectStore {
    /// Copies an object of this or another store.
    ///
    /// Returns true where the copy is proved to be the same, false where only its size matches, and nil where the
    /// service cannot copy from there. `progress` receives the number of bytes copied so far.
    func copy(
        _ sourceKey: String, from source: any ObjectStore, to key: String, once: Bool,
        progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool?

    /// Returns true where an object certainly has the content of another store's; false also where that is unknown.
    func isSame(_ key: String, as otherKey: String, in other: any ObjectStore) async throws(StorageError) -> Bool
}

/// A store that keeps the parts of uploads that were never completed.
package protocol MultipartStore: ObjectStore {
    /// Returns every upload in progress whose key starts with the prefix.
    func multipartUploads(_ prefix: String) async throws(StorageError) -> [MultipartUpload]

    /// Returns the number of parts that the server has of an upload, and their bytes; nil where the upload is over.
    func partsSent(_ upload: MultipartUpload) async throws(StorageError) -> (count: Int, bytes: Int64)?

    /// Aborts an upload and frees its parts; does nothing where the upload is over already.
    ///
    /// The caller must know that no process works on the upload any more.
    func abort(_ upload: MultipartUpload) async throws(StorageError)
}
