import HTTP
import OCI

/// The location of a registry's API.
enum Endpoint {
    /// Returns the base URL of a registry's API.
    ///
    /// Docker Hub's API has another host name than its references, and always uses TLS.
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
