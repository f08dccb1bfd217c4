import Secrets

/// Addresses of a running container.
enum RunLink {
    /// The live page, which `/` is only as long as no public model answers there; the token stands in the fragment, which browsers do not send and proxies do not log.
    static func page(_ publicURL: String, _ token: Secret) -> String {
        let base = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
        return "\(base)/.caas/#\(token.unredacted)"
    }
}
