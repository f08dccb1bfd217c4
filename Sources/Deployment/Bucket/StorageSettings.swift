package import Definitions
package import HTTP
package import ObjectStorage
import RunContract
import Secrets
import SystemPackage

/// The bucket's service and the key to it, as the settings name them.
package struct StorageSettings: Sendable {
    private let settings: Settings
    private let client: HTTPClient

    /// Reads R2_ENDPOINT_URL and its companions when they are asked for.
    ///
    /// Without a client one is made that trusts the system's certificates, or those that AWS_CA_BUNDLE names.
    package init(_ settings: Settings, client: HTTPClient? = nil) {
        self.settings = settings
        var configuration = HTTPClient.Configuration()
        configuration.certificates.authorities = settings.text(EnvironmentName.certificates).map { FilePath($0) }
        self.client = client ?? HTTPClient(configuration)
    }

    /// R2_BUCKET_NAME, nil where it is not set.
    package var bucket: String? { settings.text(EnvironmentName.bucket) }

    /// Where a bucket is; the endpoint is R2_ENDPOINT_URL unless another one is said.
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

    /// A bucket, opened with the key that the settings hold.
    package func open(
        _ location: StoreLocation, policy: RetryPolicy = RetryPolicy(), options: S3Client.Options = S3Client.Options()
    ) throws(StorageError) -> any ObjectStore {
        var credentials: StorageCredentials?
        if case .bucket = location { credentials = try self.credentials(for: "\(location)") }
        return try location.open(credentials: credentials, client: client, policy: policy, options: options)
    }

    /// A bucket behind S3's protocol, for what a folder has not.
    package func client(
        _ location: BucketLocation, policy: RetryPolicy = RetryPolicy(), options: S3Client.Options = S3Client.Options()
    ) throws(StorageError) -> S3Client {
        S3Client(
            location, credentials: try credentials(for: "s3://\(location.bucket)"), client: client, policy: policy,
            options: options)
    }

    /// Why a bucket cannot be opened, nil where it can, or needs no key.
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
