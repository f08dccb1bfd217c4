import HTTP

/// Reads a container's page over HTTP.
struct LiveSiteReader: Sendable {
    let port: Int
    var token: String?
    private let client = HTTPClient()

    init(port: Int, token: String?) {
        self.port = port
        self.token = token
    }

    func get(_ target: String) async throws -> HTTPResponse? {
        var request = HTTPRequest("GET", HTTPURL(scheme: "http", host: "127.0.0.1", port: port, target: target))
        if let token { request.headers["Authorization"] = "Bearer \(token)" }
        do throws(HTTPError) { return try await client.send(request) } catch {
            guard error.isTransient else { throw error }
            // The server does not listen yet.
            return nil
        }
    }

    /// Returns the body of a response with status 200, nil for any other.
    func text(_ target: String) async throws -> String? {
        guard let answer = try await get(target), answer.status == 200 else { return nil }
        return String(decoding: answer.body, as: UTF8.self)
    }
}
