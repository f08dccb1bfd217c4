package import HTTP

/// Where a store is: a bucket of a service, or a folder.
package protocol StoreLocation: Sendable, CustomStringConvertible {
    /// True where only this machine, and others that mount the same file system, reach the store.
    var isLocal: Bool { get }
    /// True where the store cannot be opened without an access key.
    var needsCredentials: Bool { get }
    /// The location with everything that its requests depend on, for a report.
    var details: String { get }

    /// Opens the store; throws where a key is needed and `credentials` is nil.
    func open(
        credentials: StorageCredentials?, client: HTTPClient, policy: RetryPolicy, options: S3Client.Options
    ) throws(StorageError) -> any ObjectStore

    /// Returns what usually fixes a failure here; nil where its message already says everything known.
    func advice(on failure: StorageError, keyID: String?) -> String?
}
