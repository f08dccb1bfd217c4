import ByteText

/// The environment variables that a container reads, and the rules that decide which of them are secret.
package enum EnvironmentName {
    /// The ID of the access key for the bucket.
    package static let accessKeyID = "R2_ACCESS_KEY_ID"
    /// The secret access key for the bucket.
    package static let secretAccessKey = "R2_SECRET_ACCESS_KEY"
    /// The session token of temporary access keys.
    package static let sessionToken = "R2_SESSION_TOKEN"
    /// The URL of the S3 server, or `file:///…` for a folder of a shared file system, which needs no access key.
    package static let endpoint = "R2_ENDPOINT_URL"
    /// The bucket; with a `file:///…` endpoint, the folder below it.
    package static let bucket = "R2_BUCKET_NAME"
    /// The key prefix of all runs in the bucket.
    package static let prefix = "R2_PREFIX"
    /// `true` to serve the model after training.
    package static let keepAlive = "KEEP_ALIVE"
    /// The ID of the run, so that a restart resumes it.
    package static let runID = "RUN_ID"
    /// The port on which PID 1 serves HTTP.
    package static let port = "PORT"
    /// The address on which PID 1 listens, all addresses if it is not set.
    package static let bindAddress = "BIND_ADDRESS"
    /// Seconds between SIGTERM and the following SIGKILL.
    package static let graceSeconds = "GRACE_SECONDS"
    /// `hold` to keep a failed container running with the reason on its page.
    package static let onFailure = "ON_FAILURE"
    /// The access token of the live page.
    package static let statusToken = "STATUS_TOKEN"
    /// The comma-separated names of the variables that were sent as secrets.
    package static let secrets = "CAAS_SECRETS"

    /// The region for request signatures; if it is not set, the one that an AWS endpoint names, else `auto`.
    package static let region = "R2_REGION"
    /// A file of CA certificates that replace the system's, for a service with a private certificate authority.
    package static let certificates = "AWS_CA_BUNDLE"
    /// `virtual` for the bucket's name in the host name; the default is `path`.
    package static let addressing = "R2_ADDRESSING"
    /// Seconds for which uploads may keep failing after all other work is done.
    package static let drainSeconds = "DRAIN_SECONDS"
    /// The time at which the container ends, in RFC 3339.
    package static let deadline = "DEADLINE"
    /// The dollars that the run may cost, all its attempts together.
    package static let maxCostUSD = "MAX_COST_USD"
    /// The dollars that an hour of this machine costs.
    package static let priceUSDPerHour = "PRICE_USD_PER_HOUR"
    /// Bytes per second that uploads may use while stages run; no limit if it is not set.
    package static let uploadBytesPerSecond = "UPLOAD_BYTES_PER_SECOND"
    /// The digest of the running image, for manifests.
    package static let imageDigest = "CAAS_IMAGE"

    /// Alternative names, read if the first name is not set.
    package static let alternatives: [String: String] = [
        accessKeyID: "AWS_ACCESS_KEY_ID", secretAccessKey: "AWS_SECRET_ACCESS_KEY",
        sessionToken: "AWS_SESSION_TOKEN", endpoint: "AWS_ENDPOINT_URL",
        region: "AWS_REGION",
    ]

    /// Variables that the entrypoint sets for a program's templates and its stages' processes.
    package static let providedToStages = [
        "RUN_ID", "ATTEMPT", "STAGE", "DATA", "GPU_COUNT", "RANKS", "RESUME_STEP", "RESUME_PATH", "SERVE_PORT",
    ]

    /// The bucket's access keys and the page's token: only for PID 1, even if a program passes secrets to its stages.
    package static let keys: Set<String> = [
        accessKeyID, secretAccessKey, sessionToken, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        statusToken,
    ]

    /// The proxy variables that libcurl reads.
    package static let proxies: Set<String> = [
        "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    ]

    private static let ownNames: Set<String> = [
        keepAlive, runID, port, bindAddress, graceSeconds, onFailure, statusToken, drainSeconds, uploadBytesPerSecond,
    ]

    /// Returns true for a variable with which the deployment configures PID 1; the image must not set it.
    package static func isEntrypointsOwn(_ name: String) -> Bool {
        ownNames.contains(name) || ["R2_", "AWS_", "CAAS_"].contains { name.hasPrefix(bytes: $0) }
    }

    /// Returns true for a name whose value counts as secret if there is no list of secrets.
    package static func looksSecret(_ name: String) -> Bool {
        keys.contains(name) || ["_KEY", "_TOKEN", "_SECRET", "_PASSWORD"].contains { name.hasSuffix(bytes: $0) }
    }

    /// Returns true for a name that must not be baked into an image.
    package static func isRefusedInImages(_ name: String) -> Bool {
        looksSecret(name) || name.hasPrefix(bytes: "R2_") || name.hasPrefix(bytes: "AWS_")
    }
}
