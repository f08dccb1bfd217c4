/// A real S3 server on loopback with one empty bucket; it ends with its value.
package protocol S3Server: Sendable {
    /// As R2_ENDPOINT_URL.
    var endpoint: String { get }
    /// As R2_ACCESS_KEY_ID.
    var accessKeyID: String { get }
    /// As R2_SECRET_ACCESS_KEY.
    var secretAccessKey: String { get }
    /// As R2_BUCKET_NAME.
    var bucket: String { get }
    /// Ends it and removes its files now; else that happens with its value.
    func stop()
}

extension S3Server {
    /// The server as the environment of a container names it.
    package var environment: [String: String] {
        [
            "R2_ENDPOINT_URL": endpoint, "R2_ACCESS_KEY_ID": accessKeyID, "R2_SECRET_ACCESS_KEY": secretAccessKey,
            "R2_BUCKET_NAME": bucket,
        ]
    }
}

/// Why a server for tests did not start.
struct ServerFailure: Error, CustomStringConvertible {
    let description: String
}
