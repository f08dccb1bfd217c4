import HTTP
import OCI

/// Where a registry's API is.
enum Endpoint {
    /// The front of every URL of a registry.
    ///
    /// Docker Hub's API has another name than Docker Hub. Loopback hosts speak plain HTTP, all others HTTPS.
    static func url(of registry: String) throws(RegistryError) -> HTTPURL {
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        do throws(HTTPError) {
            let secure = try HTTPURL("https://\(host)/")
            return secure.isLoopback ? try HTTPURL("http://\(host)/") : secure
        } catch { throw RegistryError(.local, error.reason) }
    }

    /// True where a registry may send us to `target`: never from elsewhere to a service of this machine, and never
    /// from HTTPS to plain HTTP.
    static func mayRefer(_ registry: HTTPURL, to target: HTTPURL) -> Bool {
        if registry.hasSameOrigin(as: target) { return true }
        if registry.isLoopback { return target.isLoopback || target.scheme == "https" }
        return target.scheme == "https" && !target.isLoopback
    }
}
