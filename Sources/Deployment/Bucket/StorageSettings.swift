package import Definitions
package import HTTP
package import ObjectStorage
import RunContract
import Secrets
import SystemPackage

/// The bucket's endpoint and credentials, as the settings name them.
package struct StorageSettings: Sendable {
    private let settings: Settings
    private let client: HTTPClient

    /// Reads R2_ENDPOINT_URL and the related settings only when they are needed.
    ///
    /// Without `client`, creates one that trusts the system's certificates, or those that AWS_CA_BUNDLE names.
    package init(_ settings: Settings, client: HTTPClient? = nil) {
        self.settings = settings
        var configuration = HTTPClient.Configuration()
        configuration.certificates.authorities = settings.text(EnvironmentName.certificates).map { FilePath($0) }
        self.client = client ?? HTTPClient(configuration)
    }

    /// The bucket of R2_BUCKET_NAME, nil where it is not set.
    package var bucket: String? { settings.text(EnvironmentName.bucket) }

    /// Returns a bucket's location; the endpoint defaults to R2_ENDPOINT_URL.
    package func location(bucket: String, endpoint: String? = nil) throws(StorageError) -> StoreLocation {
        guard let endpoint = endpoint ?? settings.text(EnvironmentName.endpoint) else {
            throw StorageError(
                .other, "use the bucket '\(bucket)'",
                "\(EnvironmentName.endpoint) is not set, neither in the environment nor in --env-file; R2's is "
                    + "https://ACCOUNT_ID.r2.cloudflarestorage.com")
        }
        return try StoreLocation(
            endpoint: endpoint, bucket: bucket, region: settings.text(EnvironmentName.region),
            addressing: settings.text(EnvironmentName.addressing))
    }

    /// Opens a bucket with the credentials of the settings, or a folder, which needs none.
    package func open(
        _ location: StoreLocation, policy: RetryPolicy = RetryPolicy(), options: S3Client.Options = S3Client.Options()
    ) throws(StorageError) -> any ObjectStore {
        var credentials: StorageCredentials?
        if case .bucket = location { credentials = try self.credentials(for: "\(location)") }
        return try location.open(credentials: credentials, client: client, policy: policy, options: options)
    }

    /// Returns an S3 client for operations that a folder does not have.
    package func client(
        _ location: BucketLocation, policy: RetryPolicy = RetryPolicy(), options: S3Client.Options = S3Client.Options()
    ) throws(StorageError) -> S3Client {
        S3Client(
            location, credentials: try credentials(for: "s3://\(location.bucket)"), client: client, policy: policy,
            options: options)
    }

    /// Returns why a bucket cannot be opened; nil where the key is set or the location needs none.
    func missingKey(for location: StoreLocation) -> String? {
        if case .folder = location { return nil }
        return credentials == nil ? Self.keyIsMissing : nil
    }

    private static let keyIsMissing =
        "\(EnvironmentName.accessKeyID) and \(EnvironmentName.secretAccessKey) must be set, "
        + "in the environment or in --env-file"

    private var credentials: StorageCredentials? {
        guard let keyID = settings.secret(EnvironmentName.accessKeyID),
            let secret = settings.secret(EnvironmentName.secretAccessKey)
        else { return nil }
        return StorageCredentials(
            accessKeyID: keyID.unredacted, secretAccessKey: secret,
            sessionToken: settings.secret(EnvironmentName.sessionToken))
    }

    private func credentials(for place: String) throws(StorageError) -> StorageCredentials {
        guard let credentials else { throw StorageError(.wrongKey, "open \(place)", Self.keyIsMissing) }
        return credentials
    }
}
