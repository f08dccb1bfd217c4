public import Secrets

/// A key of an S3 service.
public struct StorageCredentials: Sendable {
    /// The name of the key.
    public let accessKeyID: String
    /// What signs.
    public let secretAccessKey: Secret
    /// What temporary credentials have besides.
    public let sessionToken: Secret?

    /// A key from its parts.
    public init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}
