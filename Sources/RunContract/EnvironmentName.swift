/// The variables that a container reads, and which of them are secret.
public enum EnvironmentName {
    public static let accessKeyID = "R2_ACCESS_KEY_ID"
    public static let secretAccessKey = "R2_SECRET_ACCESS_KEY"
    public static let sessionToken = "R2_SESSION_TOKEN"
    public static let endpoint = "R2_ENDPOINT_URL"
    public static let bucket = "R2_BUCKET_NAME"
    public static let prefix = "R2_PREFIX"
    public static let keepAlive = "KEEP_ALIVE"
    public static let runID = "RUN_ID"
    public static let port = "PORT"
    public static let bindAddress = "BIND_ADDRESS"
    public static let graceSeconds = "GRACE_SECONDS"
    public static let onFailure = "ON_FAILURE"
    public static let statusToken = "STATUS_TOKEN"
    public static let secrets = "CAAS_SECRETS"

    /// Second choices, read where the first one is not set.
    public static let alternatives: [String: String] = [
        accessKeyID: "AWS_ACCESS_KEY_ID", secretAccessKey: "AWS_SECRET_ACCESS_KEY",
        sessionToken: "AWS_SESSION_TOKEN", endpoint: "AWS_ENDPOINT_URL",
    ]

    /// Set by the entrypoint for a program's templates and its stages' processes.
    public static let providedToStages = [
        "RUN_ID", "ATTEMPT", "STAGE", "DATA", "GPU_COUNT", "RANKS", "RESUME_STEP", "SERVE_PORT",
    ]

    /// True for a name whose value is taken for a secret where nothing else says what is one.
    public static func looksSecret(_ name: String) -> Bool {
        [accessKeyID, secretAccessKey, sessionToken].contains(name)
            || ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", statusToken].contains(name)
            || ["_KEY", "_TOKEN", "_SECRET", "_PASSWORD"].contains { name.hasSuffix($0) }
    }

    /// True for a name that must not be baked into an image.
    public static func isRefusedInImages(_ name: String) -> Bool {
        looksSecret(name) || name.hasPrefix("R2_") || name.hasPrefix("AWS_")
    }
}
