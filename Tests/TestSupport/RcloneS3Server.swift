import POSIX
package import SystemPackage

/// `rclone serve s3`: the server of the sandbox, which differs from AWS in much.
///
/// It does not compare a body with its signed hash, ignores If-None-Match, forgets a finished upload, and answers 200
/// to a range. <https://rclone.org/commands/rclone_serve_s3/>
package final class RcloneS3Server: S3Server {
    /// As R2_ENDPOINT_URL.
    package let endpoint: String
    /// As R2_ACCESS_KEY_ID.
    package let accessKeyID: String
    /// As R2_SECRET_ACCESS_KEY.
    package let secretAccessKey: String
    /// As R2_BUCKET_NAME.
    package let bucket: String
    /// The process.
    package let program: RunningProgram
    /// The folder whose folders are buckets.
    package let storage: FilePath

    private let folder: TemporaryFolder

    /// Starts a server that keeps its objects in `storage`, or in a folder of its own, on `port` or any free one.
    ///
    /// It speaks TLS where it has a certificate.
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

    /// Ends it and removes its files now; else that happens with its value.
    package func stop() {
        program.stop()
        try? FileSystem.removeTree(folder.path)
    }

    /// The address that it prints once it listens.
    private static func address(_ printed: String) -> String? {
        // The line may not be whole yet.
        printed.firstMatch(of: #/https?://127\.0\.0\.1:[0-9]+(?=/)/#).map { String($0.output) }
    }
}
