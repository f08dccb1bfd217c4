/// A real S3 server on loopback with one empty bucket; it ends when its value is released.
package protocol S3Server: Sendable {
    /// The URL for R2_ENDPOINT_URL.
    var endpoint: String { get }
    /// The key ID for R2_ACCESS_KEY_ID.
    var accessKeyID: String { get }
    /// The secret for R2_SECRET_ACCESS_KEY.
    var secretAccessKey: String { get }
    /// The name for R2_BUCKET_NAME.
    var bucket: String { get }
    /// Ends the server and removes its files before the value is released.
    func stop()
}

extension S3Server {
    /// The variables that name the server in a container's environment.
    package var environment: [String: String] {
        [
            "R2_ENDPOINT_URL": endpoint, "R2_ACCESS_KEY_ID": accessKeyID, "R2_SECRET_ACCESS_KEY": secretAccessKey,
            "R2_BUCKET_NAME": bucket,
        ]
    }
}

/// A test server did not start.
struct ServerFailure: Error, CustomStringConvertible {
    let description: String
}
