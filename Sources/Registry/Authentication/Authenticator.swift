import HTTP
import JSON
import Secrets

/// Determines each registry's authentication scheme, and caches schemes, credentials and tokens.
///
/// Each registry is probed once, and each token is cached under its set of scopes. Concurrent requests wait for the
/// same response instead of sending their own.
actor Authenticator {
    enum Scheme: Sendable {
        case none
        case basic
        case bearer(realm: HTTPURL, service: String?)
    }

    private struct TokenKey: Hashable {
        let endpoint: HTTPURL
        let scopes: [String]
    }

    let http: HTTPClient
    let retries: RetryPolicy
    private let credentials: RegistryCredentials
    private var schemes: [HTTPURL: Task<Result<Scheme, RegistryError>, Never>] = [:]
    private var tokens: [TokenKey: Task<Result<RegistryToken, RegistryError>, Never>] = [:]
    private var found: [String: Task<Result<RegistryCredential, RegistryError>, Never>] = [:]

    init(credentials: RegistryCredentials, http: HTTPClient, retries: RetryPolicy) {
        self.credentials = credentials
        self.http = http
        self.retries = retries
    }

    /// Returns the credential for a repository; a credential helper runs once for each repository.
    func credential(for access: RepositoryAccess) async throws(RegistryError) -> RegistryCredential {
        let key = "\(access.registry)/\(access.repository)"
        if let known = found[key] { return try await known.value.get() }
        let task = Task { [credentials] () -> Result<RegistryCredential, RegistryError> in
            do throws(RegistryError) {
                return .success(
                    try await credentials.credential(for: access.registry, repository: access.repository))
            } catch { return .failure(error) }
        }
        found[key] = task
        return try await task.value.get()
    }

    /// Returns the Authorization value for requests to a repository; a token is valid for `margin` more seconds.
    ///
    /// Returns nil where the registry needs no authentication, or where there is no password for the Basic scheme.
    func authorization(for access: RepositoryAccess, margin: Double) async throws(RegistryError) -> Secret? {
        let credential = try await credential(for: access)
        switch try await scheme(of: access) {
        case .none: return nil
        case .basic: return credential.basic
        case .bearer(let realm, let service):
            let request = TokenRequest(
                realm: realm, service: service, scopes: access.scopes.map(\.description), credential: credential)
            return try await token(request, access, margin: margin)
        }
    }

    /// Returns a new Authorization value after `refused` got a 401, or nil where no better value exists.
    func authorization(
        for access: RepositoryAccess, after response: HTTPResponse, refused: Secret?
    ) async throws(RegistryError) -> Secret? {
        let credential = try await credential(for: access)
        let challenges = AuthenticationChallenge.all(in: response.headers)
        var scheme = try Self.scheme(challenges, access)
        if case .none = scheme {
            // Some registries answer 401 without a challenge when a token has expired.
            scheme = try await self.scheme(of: access)
        } else {
            schemes[access.endpoint] = Task { [scheme] in .success(scheme) }
        }
        let fresh: Secret?
        switch scheme {
        case .none: fresh = nil
        case .basic: fresh = credential.basic
        case .bearer(let realm, let service):
            var scopes = access.scopes.map(\.description)
            let challenge = challenges.first { $0.scheme == "bearer" }?.parameters ?? [:]
            // Only for this error: some registries challenge an upload with a scope that only allows pulling.
            if challenge["error"] == "insufficient_scope", let wanted = challenge["scope"], !scopes.contains(wanted) {
                scopes.append(wanted)
            }
            let request = TokenRequest(realm: realm, service: service, scopes: scopes, credential: credential)
            await forget(request, access, refused: refused)
            fresh = try await token(request, access, margin: 10)
        }
        return fresh == refused ? nil : fresh
    }

    private func scheme(of access: RepositoryAccess) async throws(RegistryError) -> Scheme {
        if let known = schemes[access.endpoint] { return try await known.value.get() }
        let task = Task { await ask(access) }
        schemes[access.endpoint] = task
        return try await task.value.get()
    }

    /// Claims the right to send the first request to a registry without probing its scheme first.
    ///
    /// Returns nil if the scheme is known or being determined, or if there are credentials. Without credentials the
    /// first response is usually the wanted one, which saves the probe. Other requests wait until the caller yields
    /// what the response showed.
    func claimFirstRequest(
        _ access: RepositoryAccess
    ) async throws(RegistryError) -> AsyncStream<Result<Scheme, RegistryError>>.Continuation? {
        guard try await credential(for: access).kind == .none, schemes[access.endpoint] == nil else { return nil }
        let (answers, answer) = AsyncStream.makeStream(of: Result<Scheme, RegistryError>.self)
        schemes[access.endpoint] = Task {
            for await result in answers {
                if case .failure = result { schemes[access.endpoint] = nil }
                return result
            }
            return await ask(access)
        }
        return answer
    }

    private func ask(_ access: RepositoryAccess) async -> Result<Scheme, RegistryError> {
        do throws(RegistryError) {
            // Every registry answers "GET /v2/", and states its authentication scheme there.
            let request = HTTPRequest("GET", access.endpoint.with(target: "/v2/"))
            let response = try await http.send(request, retrying: retries, orElse: .unreachable)
            if response.status == 400, request.url.scheme == "http" {
                throw RegistryError.wantsTLS(request, response)
            }
            guard response.status == 401 else { return .success(.none) }
            return .success(try Self.scheme(AuthenticationChallenge.all(in: response.headers), access))
        } catch {
            // Later requests probe again.
            schemes[access.endpoint] = nil
            return .failure(error)
        }
    }

    private static func scheme(
        _ challenges: [AuthenticationChallenge], _ access: RepositoryAccess
    ) throws(RegistryError) -> Scheme {
        for challenge in challenges where challenge.scheme == "bearer" {
            guard let text = challenge.parameters["realm"] else { continue }
            guard let realm = try? access.endpoint.resolving(text), access.endpoint.mayRefer(to: realm) else {
                throw RegistryError(.refused, "the registry refers to a token server that we may not ask: \(text)")
            }
            return .bearer(realm: realm, service: challenge.parameters["service"])
        }
        return challenges.contains { $0.scheme == "basic" } ? .basic : .none
    }

    private func token(
        _ request: TokenRequest, _ access: RepositoryAccess, margin: Double
    ) async throws(RegistryError) -> Secret {
        let key = TokenKey(endpoint: access.endpoint, scopes: request.scopes)
        while let known = tokens[key] {
            if case .success(let token) = await known.value, token.isFresh(margin: margin) {
                return Secret("Bearer \(token.value.unredacted)")
            }
            // Another task may have requested a new token while this one waited; keep that token.
            if tokens[key] == known { tokens[key] = nil }
        }
        let task = Task { [http, retries] () -> Result<RegistryToken, RegistryError> in
            do throws(RegistryError) { return .success(try await request.send(http, retries)) } catch {
                return .failure(error)
            }
        }
        tokens[key] = task
        return Secret("Bearer \(try await task.value.get().value.unredacted)")
    }

    /// Drops the refused token from the cache, unless another request has already replaced it.
    private func forget(_ request: TokenRequest, _ access: RepositoryAccess, refused: Secret?) async {
        let key = TokenKey(endpoint: access.endpoint, scopes: request.scopes)
        guard let known = tokens[key], case .success(let token) = await known.value else { return }
        if Secret("Bearer \(token.value.unredacted)") == refused { tokens[key] = nil }
    }
}
