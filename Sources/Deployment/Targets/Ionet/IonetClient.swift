package import HTTP
package import Secrets

/// A client of io.net's Containers as a Service, or of a server with the same API.
///
/// Source: <https://io.net/docs/reference/caas/get-started-with-caas-api>.
package final class IonetClient: Sendable {
    /// The URL of io.net's API.
    package static let productionURL = "https://api.io.solutions"
    /// The prefix of a sandbox's API keys, which must not be sent to any other host.
    package static let sandboxKeyPrefix = "sandbox-"
    static let prefix = "/enterprise/v1/io-cloud/caas"

    /// The server's URL, with the path prefix of every operation.
    package let base: HTTPURL
    let key: Secret
    let http: HTTPClient
    let retries: RetryPolicy

    /// Creates a client for `url`; the key is sent to no other host.
    package init(
        url: String = productionURL, key: Secret, http: HTTPClient = HTTPClient(),
        retries: RetryPolicy = RetryPolicy(attempts: 5)
    ) throws(DeploymentError) {
        let action = "use the API at '\(url.prefix { $0 != "?" })'"
        let server: HTTPURL
        do throws(HTTPError) { server = try HTTPURL(url) } catch {
            throw DeploymentError(.local, action, error.description)
        }
        guard server.scheme == "https" || server.isLoopback else {
            throw DeploymentError(.local, action, "plain HTTP would show the key to others; use https")
        }
        guard !key.unredacted.isEmpty, key.unredacted.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw DeploymentError(.local, action, "IOCLOUD_API_KEY holds a space or is empty")
        }
        guard server.isLoopback || !key.unredacted.hasPrefix(Self.sandboxKeyPrefix) else {
            throw DeploymentError(
                .local, action,
                "IOCLOUD_API_KEY is a sandbox's key, which is for this machine alone; set io.net's key, "
                    + "or type: eval \"$(caasctl sandbox env)\"")
        }
        let path = String(server.path.reversed().drop { $0 == "/" }.reversed())
        base = server.with(target: path + Self.prefix)
        self.key = key
        self.http = http
        self.retries = retries
    }
}
