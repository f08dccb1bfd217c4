import HTTP
package import Secrets

/// An access key of an S3 service.
package struct StorageCredentials: Sendable {
    package let accessKeyID: String
    /// The secret that signs requests.
    package let secretAccessKey: Secret
    /// The session token of temporary credentials.
    package let sessionToken: Secret?

    package init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// Throws rather than send the sandbox's key, which is worthless elsewhere, to a server on another machine.
    ///
    /// A user with the sandbox's environment still set would otherwise see only the server's "no such key".
    func check(for location: BucketLocation, doing action: String) throws(StorageError) {
        guard accessKeyID.hasPrefix("sandbox-"), !location.endpoint.isLoopback else { return }
        throw StorageError(
            .wrongKey, action,
            "the key is the sandbox's, and \(location.endpoint.host) is not this machine; set R2_ACCESS_KEY_ID to its key"
        )
    }
}
