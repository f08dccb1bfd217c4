import HTTP
import OCI

/// Where a registry's API is.
enum Endpoint {
    /// The front of every URL of a registry.
    ///
    /// Docker Hub's API has another name than Docker Hub, and is never spoken to without TLS.
    static func url(of registry: String, _ plainHTTP: PlainHTTP) throws(RegistryError) -> HTTPURL {
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        do throws(HTTPError) {
            let secure = try HTTPURL("https://\(host)/")
            let isPlain =
                switch plainHTTP {
                case .onThisMachine: secure.isLoopback
                case .everywhere: registry != "docker.io"
                case .nowhere: false
                }
            return isPlain ? try HTTPURL("http://\(host)/") : secure
        } catch { throw RegistryError(.local, error.reason) }
    }
}
