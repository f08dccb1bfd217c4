import ByteText

/// The variables that a container reads, and which of them are secret.
package enum EnvironmentName {
    /// The id of the key to the bucket.
    package static let accessKeyID = "R2_ACCESS_KEY_ID"
    /// The key to the bucket.
    package static let secretAccessKey = "R2_SECRET_ACCESS_KEY"
    /// What belongs to temporary keys.
    package static let sessionToken = "R2_SESSION_TOKEN"
    /// The URL of the S3 server, or `file:///…` for a folder of a shared file system, which needs no key.
    package static let endpoint = "R2_ENDPOINT_URL"
    /// The bucket; below a folder, the folder in it.
    package static let bucket = "R2_BUCKET_NAME"
    /// The folder in the bucket that holds all runs.
    package static let prefix = "R2_PREFIX"
    /// `true` to serve the model after training.
    package static let keepAlive = "KEEP_ALIVE"
    /// The id of the run, so that a restart resumes it.
    package static let runID = "RUN_ID"
    /// The port that PID 1 answers HTTP on.
    package static let port = "PORT"
    /// The address that PID 1 listens on, all of them where it is not set.
    package static let bindAddress = "BIND_ADDRESS"
    /// Seconds between SIGTERM and the kill that follows.
    package static let graceSeconds = "GRACE_SECONDS"
    /// `hold` to keep a failed container alive with its reason on the page.
    package static let onFailure = "ON_FAILURE"
    /// What opens the live page.
    package static let statusToken = "STATUS_TOKEN"
    /// The names of the variables that were sent as secrets, separated by commas.
    package static let secrets = "CAAS_SECRETS"

    /// The region that requests to the bucket are signed for; AWS's endpoints name it, else it is `auto`.
    package static let region = "R2_REGION"
    /// A file of certificates to trust instead of the system's, for a service with an authority of its own.
    package static let certificates = "AWS_CA_BUNDLE"
    /// `virtual` where the bucket's name goes ahead of the host's, `path` where it is not set.
    package static let addressing = "R2_ADDRESSING"
    /// Seconds that uploads may go on failing once nothing else is left to be done.
    package static let drainSeconds = "DRAIN_SECONDS"
    /// Bytes a second that uploads may take while stages run; there is no limit where it is not set.
    package static let uploadBytesPerSecond = "UPLOAD_BYTES_PER_SECOND"
    /// The digest of the image that runs, for manifests.
    package static let imageDigest = "CAAS_IMAGE"

    /// Second choices, read where the first one is not set.
    package static let alternatives: [String: String] = [
        accessKeyID: "AWS_ACCESS_KEY_ID", secretAccessKey: "AWS_SECRET_ACCESS_KEY",
        sessionToken: "AWS_SESSION_TOKEN", endpoint: "AWS_ENDPOINT_URL",
        region: "AWS_REGION",
    ]

    /// Set by the entrypoint for a program's templates and its stages' processes.
    package static let providedToStages = [
        "RUN_ID", "ATTEMPT", "STAGE", "DATA", "GPU_COUNT", "RANKS", "RESUME_STEP", "SERVE_PORT",
    ]

    /// The keys to the bucket and what opens the page: for PID 1 alone, whatever else is said.
    package static let keys: Set<String> = [
        accessKeyID, secretAccessKey, sessionToken, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        statusToken,
    ]

    /// What libcurl finds its way by.
    package static let proxies: Set<String> = [
        "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    ]

    private static let ownNames: Set<String> = [
        keepAlive, runID, port, bindAddress, graceSeconds, onFailure, statusToken, drainSeconds, uploadBytesPerSecond,
    ]

    /// True for what a deployment says to PID 1: an image has no say in it.
    package static func isEntrypointsOwn(_ name: String) -> Bool {
        ownNames.contains(name) || ["R2_", "AWS_", "CAAS_"].contains { name.hasPrefix(bytes: $0) }
    }

    /// True for a name whose value is taken for a secret where nothing else says what is one.
    package static func looksSecret(_ name: String) -> Bool {
        keys.contains(name) || ["_KEY", "_TOKEN", "_SECRET", "_PASSWORD"].contains { name.hasSuffix(bytes: $0) }
    }

    /// True for a name that must not be baked into an image.
    package static func isRefusedInImages(_ name: String) -> Bool {
        looksSecret(name) || name.hasPrefix(bytes: "R2_") || name.hasPrefix(bytes: "AWS_")
    }
}
