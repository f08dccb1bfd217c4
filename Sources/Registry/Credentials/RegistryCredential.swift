import Hashing
package import Secrets

/// A credential for one registry, and its source.
package struct RegistryCredential: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case none
        case password(user: String, Secret)
        case identityToken(user: String, Secret)
    }

    let kind: Kind
    /// The source for messages, such as `user 'me' from /home/me/.docker/config.json`, or why there is none.
    let explanation: String

    private init(_ kind: Kind, _ explanation: String) {
        self.kind = kind
        self.explanation = explanation
    }

    /// Creates a credential from a user name and a password.
    ///
    /// Error messages name `place`, such as `registry_login`.
    package static func password(user: String, _ password: Secret, from place: String) -> RegistryCredential {
        RegistryCredential(.password(user: user, password), "user '\(user)' from \(place)")
    }

    /// Creates a credential from an identity token.
    ///
    /// `docker login` stores one for registries with single sign-on; it is exchanged for access tokens.
    static func identityToken(user: String, _ token: Secret, from place: String) -> RegistryCredential {
        RegistryCredential(.identityToken(user: user, token), "the identity token from \(place)")
    }

    static func none(because reason: String) -> RegistryCredential {
        RegistryCredential(.none, Self.absence + reason)
    }

    private static let absence = "no credentials: "

    /// The explanation without the prefix that all missing credentials share.
    var reason: String { String(explanation.trimmingPrefix(Self.absence)) }

    /// The secrets that must not appear in any message.
    var secrets: [Secret] {
        switch kind {
        case .none: []
        case .password(let user, let password):
            [password, Secret(Array("\(user):\(password.unredacted)".utf8).base64)]
        case .identityToken(_, let token): [token]
        }
    }

    /// The Authorization value of the Basic scheme.
    ///
    /// Source: <https://www.rfc-editor.org/rfc/rfc7617>.
    var basic: Secret? {
        guard case .password(let user, let password) = kind else { return nil }
        return Self.basic(user, password)
    }

    static func basic(_ user: String, _ password: Secret) -> Secret {
        Secret("Basic " + Array("\(user):\(password.unredacted)".utf8).base64)
    }
}
