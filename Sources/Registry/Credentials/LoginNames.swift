/// The keys under which docker's and podman's files store a registry's login.
enum LoginNames {
    /// Returns the keys, with the one that is written first.
    ///
    /// Docker Hub's key is the URL of an API that was shut down long ago.
    static func all(of registry: String) -> [String] {
        registry == "docker.io"
            ? ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"] : [registry]
    }

    /// Returns the host of a key: a URL such as `https://ghcr.io/v2/` without its scheme and path.
    ///
    /// Without a scheme, a path is kept: there it is podman's key for a part of the registry, whose login applies to
    /// nothing else.
    static func host(of key: String) -> String {
        for scheme in ["https://", "http://"] where key.hasPrefix(scheme) {
            return String(key.dropFirst(scheme.count).prefix { $0 != "/" })
        }
        for end in ["/v1/", "/v2/", "/v1", "/v2", "/"] where key.hasSuffix(end) {
            return String(key.dropLast(end.count))
        }
        return key
    }
}
