import Secrets

/// The variables that point other programs at the sandbox.
extension SandboxCloud {
    /// Returns the variables in the order in which they are shown.
    package static func environment(_ state: SandboxState) -> [(name: String, value: String)] {
        func address(_ name: ServerName) -> String { state.servers[name]?.address ?? "" }
        return [
            ("IOCLOUD_API_URL", "http://\(address(.api))"),
            ("IOCLOUD_API_KEY", state.apiKey.unredacted),
            ("R2_ENDPOINT_URL", "http://\(address(.storage))"),
            ("R2_ACCESS_KEY_ID", state.storageKeyID),
            ("R2_SECRET_ACCESS_KEY", state.storageKey.unredacted),
            ("R2_BUCKET_NAME", state.bucket),
            ("CAASCTL_REGISTRY", address(.registry)),
            ("DOCKER_AUTH_CONFIG", state.registryAccount.dockerConfiguration(for: address(.registry))),
        ]
    }
}
