import HTTP
import Hashing
import JSON
import Secrets

/// A request to a token server.
///
/// Sources: <https://distribution.github.io/distribution/spec/auth/token/> and
/// <https://distribution.github.io/distribution/spec/auth/oauth/>.
struct TokenRequest: Sendable {
    let realm: HTTPURL
    let service: String?
    let scopes: [String]
    let credential: RegistryCredential

    func send(_ http: HTTPClient, _ retries: RetryPolicy) async throws(RegistryError) -> RegistryToken {
        var response: HTTPResponse
        if case .identityToken(_, let token) = credential.kind {
            response = try await http.send(exchange(of: token), retrying: retries, orElse: .unreachable)
            // Some servers lack the OAuth2 endpoint; they get the GET form.
            if [404, 405].contains(response.status) {
                response = try await http.send(question, retrying: retries, orElse: .unreachable)
            }
        } else {
            response = try await http.send(question, retrying: retries, orElse: .unreachable)
        }
        guard response.isSuccess else { throw refusal(response) }
        do throws(JSONError) { return try RegistryToken(content: response.body) } catch {
            throw RegistryError(.refused, "the token server \(realm) answered with something else: \(error.reason)")
        }
    }

    /// The GET form of the request.
    ///
    /// It sends the credentials without waiting for a challenge: a token server that allows anonymous access never
    /// sends one.
    private var question: HTTPRequest {
        var query = [("client_id", "caasctl")]
        if let service { query.append(("service", service)) }
        query += scopes.map { ("scope", $0) }
        var request = HTTPRequest("GET", realm)
        switch credential.kind {
        case .none: break
        case .password(let user, let password):
            query.append(("account", user))
            request.headers["Authorization"] = RegistryCredential.basic(user, password).unredacted
        case .identityToken(let user, let token):
            let name = user.isEmpty ? "<token>" : user
            request.headers["Authorization"] = RegistryCredential.basic(name, token).unredacted
        }
        request.url = realm.with(
            target: realm.target + (realm.target.contains("?") ? "&" : "?") + PercentEncoding.query(query))
        return request
    }

    private func exchange(of token: Secret) -> HTTPRequest {
        let form = [
            ("grant_type", "refresh_token"), ("service", service ?? realm.host), ("client_id", "caasctl"),
            ("scope", scopes.joined(separator: " ")), ("refresh_token", token.unredacted),
        ]
        return HTTPRequest(
            "POST", realm, headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: .bytes(Array(PercentEncoding.query(form).utf8)))
    }

    private func refusal(_ response: HTTPResponse) -> RegistryError {
        let answer = ServerAnswer(response, hiding: credential.secrets)
        let code: RegistryError.Code = [400, 401, 403].contains(response.status) ? .unauthorized : .refused
        return RegistryError(
            code,
            "the token server \(realm) answered \(answer); \(credential.explanation);"
                + " asked for \(scopes.joined(separator: " "))")
    }
}
