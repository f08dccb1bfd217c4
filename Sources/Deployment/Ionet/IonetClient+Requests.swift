import HTTP
import JSON
import Secrets

/// Sending requests and reading answers.
extension IonetClient {
    /// Asks for something; asked again while the failure may pass.
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
                // What was damaged on its way is whole when it comes again.
                guard error.code == .unexpectedAnswer, attempt < min(3, retries.attempts) else { throw error }
                attempt += 1
            }
        }
    }

    /// Asks for something to be done, once.
    ///
    /// No answer leaves open whether it was.
    func send(_ method: String, _ path: String, body: JSONValue? = nil, to action: String) async throws(DeploymentError)
        -> JSONValue
    {
        var request = request(method, path, [])
        if let body {
            request.headers["Content-Type"] = "application/json"
            request.body = .bytes(body.encoded())
        }
        // A deployment may take its time: the answer comes once hardware is reserved.
        request.stallSeconds = 120
        request.isSentOnce = true
        let answer: HTTPResponse
        do throws(HTTPError) { answer = try await http.send(request) } catch {
            // These end before a byte of the request was sent.
            let wasSent = ![.connectionFailed, .unknownHost, .proxyRefused, .tls, .invalidURL].contains(error.code)
            throw wasSent
                ? DeploymentError(.lostAnswer, action, "the answer was lost: \(error)") : Self.failure(error, action)
        }
        // A gateway's answer says nothing about what the server behind it did.
        if answer.status >= 500 || answer.status == 408 {
            throw DeploymentError(.lostAnswer, action, IonetAnswer.explain(answer))
        }
        return try Self.document(answer, action)
    }

    func request(_ method: String, _ path: String, _ query: [(String, String)]) -> HTTPRequest {
        let text = query.map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&")
        let target = base.target + path + (text.isEmpty ? "" : "?\(text)")
        var request = HTTPRequest(method, base.with(target: target))
        request.headers["x-api-key"] = key.unredacted
        request.headers["Accept"] = "application/json"
        // The client strips Authorization when it follows, but knows nothing of this header.
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
        do throws(JSONError) { return try JSONValue(parsing: answer.body) } catch {
            throw DeploymentError(.unexpectedAnswer, action, IonetAnswer.explain(answer))
        }
    }

    /// All but the unreserved characters as %XX. <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
    static func encoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
                bytes.append(byte)
            } else {
                bytes.append(contentsOf: [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
