package import Definitions
package import HTTP
package import ObjectStorage
import RunContract
import Secrets
import SystemPackage

extension StoreOpener {
    /// Reads R2_ENDPOINT_URL and the related settings.
    ///
    /// Without `client`, creates one that trusts the system's certificates, or those that AWS_CA_BUNDLE names.
    package init(
        _ settings: Settings, client: HTTPClient? = nil, policy: RetryPolicy = RetryPolicy(),
        options: S3Client.Options = S3Client.Options()
    ) {
        var configuration = HTTPClient.Configuration()
        configuration.certificates.authorities = settings.text(EnvironmentName.certificates).map { FilePath($0) }
        let endpoint = settings.text(EnvironmentName.endpoint).map { url in
            StoreEndpoint(
                url, region: settings.text(EnvironmentName.region),
                addressing: settings.text(EnvironmentName.addressing))
        }
        self.init(
            Configuration(
                endpoint: endpoint, bucket: settings.text(EnvironmentName.bucket),
                credentials: StorageCredentials(settings)),
            client: client ?? HTTPClient(configuration), policy: policy, options: options)
    }
}

extension StorageCredentials {
    /// Returns nil where R2_ACCESS_KEY_ID or R2_SECRET_ACCESS_KEY is not set.
    fileprivate init?(_ settings: Settings) {
        guard let keyID = settings.secret(EnvironmentName.accessKeyID),
            let secret = settings.secret(EnvironmentName.secretAccessKey)
        else { return nil }
        self.init(
            accessKeyID: keyID.unredacted, secretAccessKey: secret,
            sessionToken: settings.secret(EnvironmentName.sessionToken))
    }
}
