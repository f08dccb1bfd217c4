import HTTP
import Hashing
import JSON
import Secrets

/// Sends requests and reads answers.
extension IonetClient {
    /// Sends a GET request; repeats it while the failure may be temporary.
    func get(_ path: String, _ query: [(String, String)] = [], to action: String) async throws(DeploymentError)
        -> JSONValue
    {
        var attempt = 1
        while true {
            let answer: HTTPResponse
            do throws(HTTPError) {
                answer = try await http.send(request("GET", path, query), retrying: retries)
            } catch { throw Self.failure(error, action) }
            do throws(DeploymentError) { return try Self.document(answer, action) } catch {
                // An answer that was damaged in transit may arrive intact the next time.
                guard error.code == .unexpectedAnswer, attempt < min(3, retries.attempts) else { throw error }
                attempt += 1
            }
        }
    }

    /// Sends a request that changes something, exactly once.
    ///
    /// Throws `lostAnswer` where the request may have been carried out.
    func send(_ method: String, _ path: String, body: JSONValue? = nil, to action: String) async throws(DeploymentError)
        -> JSONValue
    {
        var request = request(method, path, [])
        if let body {
            request.headers["Content-Type"] = "application/json"
            request.body = .bytes(body.encoded())
        }
        // The answer arrives only once hardware is reserved, which may take a while.
        request.stallSeconds = 120
        request.isSentOnce = true
        let answer: HTTPResponse
        do throws(HTTPError) { answer = try await http.send(request) } catch {
            // These errors occur before a byte of the request is sent.
            let wasSent = ![.connectionFailed, .unknownHost, .proxyRefused, .tls, .invalidURL].contains(error.code)
            throw wasSent
                ? DeploymentError(.lostAnswer, action, "the answer was lost: \(error)") : Self.failure(error, action)
        }
        // A gateway's error does not tell whether the server behind it carried out the request.
        if answer.status >= 500 || answer.status == 408 {
            throw DeploymentError(.lostAnswer, action, IonetAnswer.explain(answer))
        }
        return try Self.document(answer, action)
    }

    func request(_ method: String, _ path: String, _ query: [(String, String)]) -> HTTPRequest {
        let text = PercentEncoding.query(query)
        let target = base.target + path + (text.isEmpty ? "" : "?\(text)")
        var request = HTTPRequest(method, base.with(target: target))
        request.headers["x-api-key"] = key.unredacted
        request.headers["Accept"] = "application/json"
        // The client removes Authorization when it follows a redirect, but not this header.
        request.followsRedirects = false
        return request
    }

    private static func failure(_ error: HTTPError, _ action: String) -> DeploymentError {
        DeploymentError(error.code == .cancelled ? .cancelled : .unreachable, action, error.description)
    }

    private static func document(_ answer: HTTPResponse, _ action: String) throws(DeploymentError) -> JSONValue {
        guard answer.isSuccess else {
            let code: DeploymentError.Code =
                switch answer.status {
                case 401, 403: .unauthorized
                case 404: .notFound
                default: .refused
                }
            throw DeploymentError(code, action, IonetAnswer.explain(answer))
        }
        if answer.body.isEmpty { return .null }
        do { return try JSONValue(parsing: answer.body) } catch {
            throw DeploymentError(.unexpectedAnswer, action, IonetAnswer.explain(answer))
        }
    }
}
