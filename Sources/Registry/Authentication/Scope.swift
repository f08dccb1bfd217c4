import HTTP
import OCI

/// The scope of a token: a repository and the actions that the token allows there.
///
/// Source: <https://distribution.github.io/distribution/spec/auth/scope/>.
struct Scope: Sendable, Hashable, CustomStringConvertible {
    let repository: String
    let actions: String

    static func pull(_ repository: String) -> Scope { Scope(repository: repository, actions: "pull") }
    static func push(_ repository: String) -> Scope { Scope(repository: repository, actions: "pull,push") }

    /// The scope for deleting.
    ///
    /// Registries differ in the action that they require; docker-registry, Harbor and zot accept these.
    static func delete(_ repository: String) -> Scope { Scope(repository: repository, actions: "pull,push,delete") }

    var description: String { "repository:\(repository):\(actions)" }
}

/// One repository of a registry, with the scopes of its token.
struct RepositoryAccess: Sendable {
    /// The registry's name as written in references.
    let registry: String
    /// The base URL of the registry's API.
    let endpoint: HTTPURL
    /// The repository's path, without the registry's name.
    let repository: String
    /// The scopes of the token request, with the repository's own first: some registries read only the first.
    let scopes: [Scope]

    init(_ reference: Reference, _ scope: (String) -> Scope, at endpoint: HTTPURL) {
        registry = reference.registry
        self.endpoint = endpoint
        repository = reference.repository
        scopes = [scope(reference.repository)]
    }

    private init(_ other: RepositoryAccess, scopes: [Scope]) {
        registry = other.registry
        endpoint = other.endpoint
        repository = other.repository
        self.scopes = scopes
    }

    /// Returns this repository with a pull scope added for another one, which a cross-repository mount needs.
    func mounting(from other: String) -> RepositoryAccess { RepositoryAccess(self, scopes: scopes + [.pull(other)]) }

    /// The registry as a whole, for which a token needs no scope.
    init(registry: String, at endpoint: HTTPURL) {
        self.registry = registry
        self.endpoint = endpoint
        repository = ""
        scopes = []
    }

    /// Returns a URL of this repository's API.
    ///
    /// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.
    func url(_ path: String) -> HTTPURL { endpoint.with(target: "/v2/\(repository)/\(path)") }
}
