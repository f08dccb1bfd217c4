import RunContract
import Secrets

/// The addresses of a running container.
enum RunLink {
    /// Returns the URL of the live page.
    ///
    /// The token is in the fragment, which browsers do not send and proxies do not log.
    ///
    /// The path is not `/`, at which a public model may answer.
    static func page(_ publicURL: String, _ token: Secret) -> String {
        let base = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
        return "\(base)\(ReservedPaths.Page.root)/#\(token.unredacted)"
    }
}
