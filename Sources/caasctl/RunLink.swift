import Secrets

/// Addresses of a running container.
enum RunLink {
    /// The live page; the token stands in the fragment, which browsers do not send and proxies do not log.
    ///
    /// Not `/`, where a public model may answer.
    static func page(_ publicURL: String, _ token: Secret) -> String {
        let base = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
        return "\(base)/.caas/#\(token.unredacted)"
    }
}
