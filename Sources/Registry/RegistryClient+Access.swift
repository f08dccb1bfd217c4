import OCI

/// Where a repository is for this client, and what we may do there.
extension RegistryClient {
    /// A repository, for what `scope` allows.
    func access(
        _ reference: Reference, _ scope: (String) -> Scope
    ) throws(RegistryError) -> RepositoryAccess {
        RepositoryAccess(reference, scope, at: try Endpoint.url(of: reference.registry, plainHTTP))
    }

    /// A registry as a whole, for which a token needs no scope.
    func access(registry: String) throws(RegistryError) -> RepositoryAccess {
        RepositoryAccess(registry: registry, at: try Endpoint.url(of: registry, plainHTTP))
    }
}
