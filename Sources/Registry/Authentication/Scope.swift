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

    init(
        _ reference: Reference, _ scope: (String) -> Scope, at endpoint: HTTPURL, mountingFrom other: String? = nil
    ) {
        registry = reference.registry
        self.endpoint = endpoint
        repository = reference.repository
        scopes = [scope(reference.repository)] + (other.map { [.pull($0)] } ?? [])
    }

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
