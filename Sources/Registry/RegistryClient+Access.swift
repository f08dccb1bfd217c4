import OCI

/// The repositories of this client, with endpoint and scopes.
extension RegistryClient {
    /// Returns a repository with the actions that `scope` allows.
    func access(
        _ reference: Reference, _ scope: (String) -> Scope
    ) throws(RegistryError) -> RepositoryAccess {
        RepositoryAccess(reference, scope, at: try Endpoint.url(of: reference.registry, plainHTTP))
    }

    /// Returns a registry as a whole, for which a token needs no scope.
    func access(registry: String) throws(RegistryError) -> RepositoryAccess {
        RepositoryAccess(registry: registry, at: try Endpoint.url(of: registry, plainHTTP))
    }
}
