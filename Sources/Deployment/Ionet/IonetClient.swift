package import HTTP
package import Secrets

/// Talks to io.net's Containers as a Service, or to what speaks its API.
///
/// Source: <https://io.net/docs/reference/caas/get-started-with-caas-api>.
package final class IonetClient: Sendable {
    /// Where io.net serves its API.
    package static let productionURL = "https://api.io.solutions"
    /// What a sandbox's keys begin with; no other host may see one.
    package static let sandboxKeyPrefix = "sandbox-"
    static let prefix = "/enterprise/v1/io-cloud/caas"

    /// The server, with the path that every operation begins with.
    package let base: HTTPURL
    let key: Secret
    let http: HTTPClient
    let retries: RetryPolicy

    /// A client for `url`, which replaces io.net's own; the key is sent to no other host.
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

    /// True where the API is on this machine, and nothing it does costs anything.
    package var isLocal: Bool { base.isLoopback }

    /// True where an image may be named by its digest, so that nobody who can push changes what a restart runs.
    ///
    /// io.net's own documentation knows tags alone, and a machine that could not pull would be paid for in advance.
    package var takesDigests: Bool { isLocal }
}
