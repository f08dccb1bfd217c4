import HTTP
package import Secrets

/// A key of an S3 service.
package struct StorageCredentials: Sendable {
    /// The name of the key.
    package let accessKeyID: String
    /// What signs.
    package let secretAccessKey: Secret
    /// What temporary credentials have besides.
    package let sessionToken: Secret?

    /// A key from its parts.
    package init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// Refuses to show the sandbox's key, which is worth nothing elsewhere, to a server that is not on this machine.
    ///
    /// Whoever still has the sandbox's environment set would only learn of it by a server's "no such key".
    func check(for location: BucketLocation, doing action: String) throws(StorageError) {
        guard accessKeyID.hasPrefix("sandbox-"), !location.endpoint.isLoopback else { return }
        throw StorageError(
            .wrongKey, action,
            "the key is the sandbox's, and \(location.endpoint.host) is not this machine; set R2_ACCESS_KEY_ID to its key"
        )
    }
}
