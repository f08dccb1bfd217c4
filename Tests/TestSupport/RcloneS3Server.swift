import POSIX
package import SystemPackage

/// `rclone serve s3`, the sandbox's S3 server, which differs from AWS in many ways.
///
/// It does not compare a body with its signed hash, ignores If-None-Match, forgets a completed upload, and answers a
/// range request with status 200. <https://rclone.org/commands/rclone_serve_s3/>
package final class RcloneS3Server: S3Server {
    /// The URL for R2_ENDPOINT_URL.
    package let endpoint: String
    /// The key ID for R2_ACCESS_KEY_ID.
    package let accessKeyID: String
    /// The secret for R2_SECRET_ACCESS_KEY.
    package let secretAccessKey: String
    /// The name for R2_BUCKET_NAME.
    package let bucket: String
    package let program: RunningProgram
    /// The folder that contains the buckets as folders.
    package let storage: FilePath

    private let folder: TemporaryFolder

    /// Starts a server with its objects in `storage`, or in a new folder, on `port`, or on a free port.
    ///
    /// It uses TLS if `certificate` is given.
    package init(
        bucket: String = "runs", accessKeyID: String = "rclone-key", secretAccessKey: String = "rclone-secret",
        storage: FilePath? = nil, port: Int = 0, certificate: CertificateAuthority.Issued? = nil
    ) async throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        self.storage = storage ?? folder("storage")
        self.bucket = bucket
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        try FileSystem.makeFolder(self.storage.appending(bucket))
        let program = try RunningProgram(
            Checkout.cache.appending("rclone/bin/rclone").string,
            [
                "serve", "s3", self.storage.string, "--auth-key", "\(accessKeyID),\(secretAccessKey)", "--addr",
                "127.0.0.1:\(port)", "--config", "", "--cache-dir", folder("cache").string,
            ] + (certificate.map { ["--cert", $0.certificate.string, "--key", $0.key.string] } ?? []),
            log: folder("rclone.log"))
        self.program = program
        let address = try await eventually(within: 20) { () throws -> String? in
            guard program.status == nil else { throw ServerFailure(description: "rclone ended: \(program.printed)") }
            return Self.address(program.printed)
        }
        guard let address else { throw ServerFailure(description: "rclone does not start: \(program.printed)") }
        endpoint = address
    }

    /// Ends the server and removes its files before the value is released.
    package func stop() {
        program.stop()
        try? FileSystem.removeTree(folder.path)
    }

    /// Returns the address that rclone prints once it listens.
    private static func address(_ printed: String) -> String? {
        // The slash after the port shows that the port is complete.
        printed.firstMatch(of: #/https?://127\.0\.0\.1:[0-9]+(?=/)/#).map { String($0.output) }
    }
}
