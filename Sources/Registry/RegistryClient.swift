public import HTTP
import OCI

/// Talks to any registry of the OCI distribution specification, as many at once as references name.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.
public final class RegistryClient: Sendable {
    let http: HTTPClient
    let authenticator: Authenticator
    let retries: RetryPolicy
    /// How many blobs are moved or asked for at once.
    let parallelism: Int

    /// A client with its own connections and tokens.
    public init(
        credentials: RegistryCredentials = .standard(), http: HTTPClient = HTTPClient(),
        retries: RetryPolicy = RetryPolicy(), parallelism: Int = 4
    ) {
        self.http = http
        self.retries = retries
        self.parallelism = parallelism
        authenticator = Authenticator(credentials: credentials, http: http, retries: retries)
    }
}
