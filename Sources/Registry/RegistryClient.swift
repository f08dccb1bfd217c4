package import HTTP
import OCI
import Synchronization

/// Talks to any registry of the OCI distribution specification, as many at once as references name.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.
package final class RegistryClient: Sendable {
    let http: HTTPClient
    let authenticator: Authenticator
    let retries: RetryPolicy
    /// How many blobs are moved or asked for at once.
    let parallelism: Int
    /// Bytes of a request of an upload; nil for a whole blob at first.
    let chunkSize: Int64?
    /// Where else images are fetched from.
    let mirrors: RegistryMirrors
    /// Which registries are spoken to without TLS.
    let plainHTTP: PlainHTTP
    /// Which registries want us to wait.
    let pace: HostPace
    /// Hears of what is no error but should be known, in one line.
    let notice: @Sendable (String) -> Void
    /// What was said of places that registries send us to.
    let redirects: Said

    /// A client with its own connections and tokens.
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

    /// A client that shares everything with another one, but gives up after fewer attempts.
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

    /// What was said already, by all clients that share it.
    final class Said: Sendable {
        private let words = Mutex<Set<String>>([])

        /// True for what was not said before.
        func isNew(_ text: String) -> Bool { words.withLock { $0.insert(text).inserted } }
    }
}
