import HTTP
import OCI
package import Secrets

/// The check of a login, as in `docker login`.
extension RegistryClient {
    /// Checks that a registry accepts a user's password; throws if it does not.
    package func checkLogin(_ registry: String, user: String, _ password: Secret) async throws(RegistryError) {
        var credentials = RegistryCredentials.none
        credentials.add(.password(user: user, password, from: "this login"), for: registry)
        let client = RegistryClient(credentials: credentials, http: http, retries: retries, plainHTTP: plainHTTP)
        do throws(RegistryError) {
            let access = try client.access(registry: registry)
            let request = HTTPRequest("GET", access.endpoint.with(target: "/v2/"))
            let response = try await client.send(request, access)
            guard response.isSuccess else { throw await client.refusal(request, response, access) }
        } catch { throw error.during("log in to \(registry)") }
    }
}
