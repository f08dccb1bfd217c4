package import HTTP
import OCI
import Synchronization

/// A client for all registries that implement the OCI distribution specification; references choose the registry.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.
package final class RegistryClient: Sendable {
    let http: HTTPClient
    let authenticator: Authenticator
    let retries: RetryPolicy
    /// The number of blobs that are transferred or checked at once.
    let parallelism: Int
    /// The size of an upload's requests in bytes; nil to start with the whole blob in one request.
    let chunkSize: Int64?
    let mirrors: RegistryMirrors
    let plainHTTP: PlainHTTP
    /// The waiting times that registries have asked for.
    let pace: HostPace
    /// Receives one-line messages for the user that are not errors.
    let notice: @Sendable (String) -> Void
    /// The redirects that were already reported.
    let redirects: Said

    package init(
        credentials: RegistryCredentials = .standard(), http: HTTPClient = HTTPClient(),
        retries: RetryPolicy = RetryPolicy(), parallelism: Int = 4, chunkSize: Int64? = nil,
        mirrors: RegistryMirrors = .none,
        plainHTTP: PlainHTTP = .onThisMachine, notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.http = http
        self.retries = retries
        self.parallelism = parallelism
        self.chunkSize = chunkSize
        self.mirrors = mirrors
        pace = HostPace()
        self.plainHTTP = plainHTTP
        self.notice = notice
        redirects = Said()
        authenticator = Authenticator(credentials: credentials, http: http, retries: retries)
    }

    /// Creates a client that shares everything with another one, but makes fewer attempts and uses no mirrors.
    init(like other: RegistryClient, attempts: Int) {
        http = other.http
        authenticator = other.authenticator
        var retries = other.retries
        retries.attempts = attempts
        self.retries = retries
        parallelism = other.parallelism
        chunkSize = other.chunkSize
        mirrors = .none
        plainHTTP = other.plainHTTP
        pace = other.pace
        notice = other.notice
        redirects = other.redirects
    }

    /// The messages that were already reported, by all clients that share it.
    final class Said: Sendable {
        private let words = Mutex<Set<String>>([])

        /// Records a message; returns true the first time.
        func isNew(_ text: String) -> Bool { words.withLock { $0.insert(text).inserted } }
    }
}
