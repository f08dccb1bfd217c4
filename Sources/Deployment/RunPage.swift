import HTTP
import JSON
import RunContract
import Secrets

/// A client of the live page of a run's container, which returns the run's status.
struct RunPage: Sendable {
    private let url: HTTPURL
    private let token: Secret
    private let http: HTTPClient

    /// Creates the client for a container's public address.
    ///
    /// Returns nil for plain HTTP, except on this machine: the token would be sent unencrypted.
    init?(publicURL: String, token: Secret, http: HTTPClient = HTTPClient()) {
        guard let server = try? HTTPURL(publicURL), server.scheme == "https" || server.isLoopback else { return nil }
        url = server.with(
            target: String(server.path.reversed().drop { $0 == "/" }.reversed()) + ReservedPaths.Page.status)
        self.token = token
        self.http = http
    }

    /// Returns the run's current status.
    func status() async throws(DeploymentError) -> RunStatus {
        let action = "ask the run's page"
        var request = HTTPRequest("GET", url)
        request.headers["Authorization"] = "Bearer \(token.unredacted)"
        request.followsRedirects = false
        request.stallSeconds = 10
        let answer: HTTPResponse
        do throws(HTTPError) { answer = try await http.send(request, limit: 1 << 20) } catch {
            throw DeploymentError(.unreachable, action, error.description)
        }
        guard answer.isSuccess else {
            let words = answer.words.isEmpty ? "" : ": \(answer.words)"
            let advice = answer.status == 401 ? ": its token was made with another computer's key" : words
            throw DeploymentError(.refused, action, "it answered \(answer.status)\(advice)")
        }
        do { return try RunStatus(json: JSONValue(parsing: answer.body)) } catch {
            throw DeploymentError(.unexpectedAnswer, action, "\(error)")
        }
    }
}
