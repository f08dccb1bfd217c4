import Hashing
package import Secrets

/// Who we are for one registry, and where we know it from.
package struct RegistryCredential: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case none
        case password(user: String, Secret)
        case identityToken(user: String, Secret)
    }

    let kind: Kind
    /// For people: `user 'me' from /home/me/.docker/config.json`, or why there is none.
    let explanation: String

    private init(_ kind: Kind, _ explanation: String) {
        self.kind = kind
        self.explanation = explanation
    }

    /// A user name and password, from a place that errors name, such as `registry_login`.
    package static func password(user: String, _ password: Secret, from place: String) -> RegistryCredential {
        RegistryCredential(.password(user: user, password), "user '\(user)' from \(place)")
    }

    /// What `docker login` keeps for registries with single sign-on: a token that is exchanged for others.
    static func identityToken(user: String, _ token: Secret, from place: String) -> RegistryCredential {
        RegistryCredential(.identityToken(user: user, token), "the identity token from \(place)")
    }

    static func none(because reason: String) -> RegistryCredential {
        RegistryCredential(.none, Self.absence + reason)
    }

    private static let absence = "no credentials: "

    /// The explanation without what every missing one begins with.
    var reason: String { String(explanation.trimmingPrefix(Self.absence)) }

    /// What no text of ours may show.
    var secrets: [Secret] {
        switch kind {
        case .none: []
        case .password(let user, let password):
            [password, Secret(Array("\(user):\(password.unredacted)".utf8).base64)]
        case .identityToken(_, let token): [token]
        }
    }

    /// The value of an Authorization field of the Basic scheme. <https://www.rfc-editor.org/rfc/rfc7617>
    var basic: Secret? {
        guard case .password(let user, let password) = kind else { return nil }
        return Self.basic(user, password)
    }

    static func basic(_ user: String, _ password: Secret) -> Secret {
        Secret("Basic " + Array("\(user):\(password.unredacted)".utf8).base64)
    }
}
