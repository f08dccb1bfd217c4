package import HTTP
import POSIX
import SystemPackage

/// Opens the stores that users name, with the endpoint and the access key of their settings.
package struct StoreOpener: Sendable {
    /// What the user's settings say about buckets; each is nil where it is not set.
    package struct Configuration: Sendable {
        package var endpoint: StoreEndpoint?
        /// The bucket that is used where no address is given.
        package var bucket: String?
        package var credentials: StorageCredentials?

        package init(endpoint: StoreEndpoint?, bucket: String?, credentials: StorageCredentials?) {
            self.endpoint = endpoint
            self.bucket = bucket
            self.credentials = credentials
        }
    }

    private let settings: Configuration
    private let client: HTTPClient
    private let policy: RetryPolicy
    private let options: S3Client.Options

    package init(
        _ settings: Configuration, client: HTTPClient, policy: RetryPolicy = RetryPolicy(),
        options: S3Client.Options = S3Client.Options()
    ) {
        self.settings = settings
        self.client = client
        self.policy = policy
        self.options = options
    }

    /// Returns a bucket's location; `endpoint` replaces the one of the settings.
    package func location(bucket: String, endpoint: String? = nil) throws(StorageError) -> any StoreLocation {
        guard let url = endpoint ?? settings.endpoint?.url else {
            throw StorageError(
                .other, "use the bucket '\(bucket)'",
                "R2_ENDPOINT_URL is not set, neither in the environment nor in --env-file; R2's is "
                    + "https://ACCOUNT_ID.r2.cloudflarestorage.com")
        }
        return try StoreSchemes.location(
            bucket,
            at: StoreEndpoint(
                url, region: settings.endpoint?.region, addressing: settings.endpoint?.addressing))
    }

    /// Returns the location that an address names, and the key in it; a path is a folder with all that is in it.
    ///
    /// Without an address, returns the bucket of the settings with an empty key.
    package func location(of address: String?) throws(StorageError) -> (any StoreLocation, key: String) {
        guard let address else {
            return (try location(bucket: try defaultBucket(or: "choose a bucket")), "")
        }
        switch try StoreAddress(address) {
        case .object(let bucket, let key): return (try location(bucket: bucket), key)
        case .file(let path), .folder(let path): return (FolderLocation(path), "")
        }
    }

    /// Returns why a location cannot be opened; nil where the key is set or the location needs none.
    package func missingKey(for location: any StoreLocation) -> String? {
        location.needsCredentials && settings.credentials == nil ? Self.keyIsMissing : nil
    }

    private static let keyIsMissing =
        "R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY must be set, in the environment or in --env-file"

    /// Opens a location.
    package func open(_ location: any StoreLocation) throws(StorageError) -> any ObjectStore {
        if let reason = missingKey(for: location) { throw StorageError(.wrongKey, "open \(location)", reason) }
        return try location.open(
            credentials: settings.credentials, client: client, policy: policy, options: options)
    }

    /// Opens what an address names, which need not exist.
    ///
    /// A path becomes its store's root if `isFolder` is true or the path is a folder; else the root is its parent.
    package func open(_ address: String, isFolder: Bool = false) throws(StorageError) -> OpenStore {
        switch try StoreAddress(address) {
        case .object(let bucket, let key):
            let location = try location(bucket: bucket)
            return OpenStore(store: try open(location), base: Self.base("\(location)"), key: key)
        case .folder(let path): return Self.store(below: path, "")
        case .file(let path):
            let isThere = (try? FileStatus(path, followingLinks: true))?.kind == .directory
            guard isFolder || isThere else {
                return Self.store(below: path.removingLastComponent(), path.lastComponent?.string ?? "")
            }
            return Self.store(below: path, "")
        }
    }

    /// Opens the bucket of the settings, for a command line that names no place.
    package func openDefault() throws(StorageError) -> OpenStore {
        try open("s3://\(try defaultBucket(or: "choose a place"))")
    }

    private func defaultBucket(or action: String) throws(StorageError) -> String {
        guard let bucket = settings.bucket else {
            throw StorageError(.other, action, "name one, as s3://bucket, or set R2_BUCKET_NAME")
        }
        return bucket
    }

    private static func store(below path: FilePath, _ key: String) -> OpenStore {
        guard !path.isEmpty else { return OpenStore(store: FileStore("."), base: "", key: key) }
        return OpenStore(
            store: FileStore(path), base: base(path.isAbsolute ? "file://\(path)" : path.string), key: key)
    }

    private static func base(_ text: String) -> String { text.utf8.last == UInt8(ascii: "/") ? text : text + "/" }
}
