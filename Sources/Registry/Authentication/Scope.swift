import HTTP
import OCI

/// What a token is asked for: a repository and what is done to it.
///
/// Source: <https://distribution.github.io/distribution/spec/auth/scope/>.
struct Scope: Sendable, Hashable, CustomStringConvertible {
    let repository: String
    let actions: String

    static func pull(_ repository: String) -> Scope { Scope(repository: repository, actions: "pull") }
    static func push(_ repository: String) -> Scope { Scope(repository: repository, actions: "pull,push") }

    /// Registries ask for it in many words; these are what docker-registry, Harbor and zot know.
    static func delete(_ repository: String) -> Scope { Scope(repository: repository, actions: "pull,push,delete") }

    var description: String { "repository:\(repository):\(actions)" }
}

/// One repository, and what we may do there.
struct RepositoryAccess: Sendable {
    /// The registry as references name it.
    let registry: String
    /// The front of its URLs.
    let endpoint: HTTPURL
    /// The path below it.
    let repository: String
    /// What its token is asked for, the repository itself first: some registries read no more.
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

    /// The same repository for taking blobs over from another one of the registry.
    func mounting(from other: String) -> RepositoryAccess { RepositoryAccess(self, scopes: scopes + [.pull(other)]) }

    /// A registry as a whole, for which a token needs no scope.
    init(registry: String, at endpoint: HTTPURL) {
        self.registry = registry
        self.endpoint = endpoint
        repository = ""
        scopes = []
    }

    /// A URL of this repository's API. <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>
    func url(_ path: String) -> HTTPURL { endpoint.with(target: "/v2/\(repository)/\(path)") }
}
