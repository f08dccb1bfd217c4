/// The names under which docker's and podman's files keep a registry's login.
enum LoginNames {
    /// The names, the one first that is written.
    ///
    /// Docker Hub's has the address of an API that is long gone.
    static func all(of registry: String) -> [String] {
        registry == "docker.io"
            ? ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"] : [registry]
    }

    /// The host of a key: all of an address but its path, as in `https://ghcr.io/v2/`.
    ///
    /// Without a scheme a path is podman's name of a part of the registry, whose login is for nothing else.
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
