import HTTP
import JSON
import Secrets

/// Requests with authorization, and the errors for their responses.
extension RegistryClient {
    /// Sends a request to a registry with authorization; repeats it after a transient failure and after a 401.
    ///
    /// Only for requests that may be carried out twice. `margin` is how long the token must remain valid, in seconds.
    func send(
        _ request: HTTPRequest, _ access: RepositoryAccess, retrying: Bool = true, margin: Double = 10,
        limit: Int = 4 << 20
    ) async throws(RegistryError) -> HTTPResponse {
        let policy = retrying ? retries : .never
        return try await authorized(request, access, margin: margin) { [http, pace] (request) throws(RegistryError) in
            try await http.send(request, retrying: policy, pace: pace, limit: limit, orElse: .unreachable)
        }
    }

    /// Sends a request for a document, and repeats it up to twice if the document arrived damaged.
    ///
    /// An HTML page is not repeated: transfer damage does not turn JSON into HTML, so the server meant to send it.
    func document(
        _ request: HTTPRequest, _ access: RepositoryAccess, limit: Int = 4 << 20,
        isWhole: (HTTPResponse) -> Bool = { (try? JSONValue(parsing: $0.body)) != nil }
    ) async throws(RegistryError) -> HTTPResponse {
        var attempt = 0
        while true {
            let response = try await send(request, access, limit: limit)
            let isPage = response.headers["Content-Type"]?.lowercased().hasPrefix("text/html") == true
            guard response.isSuccess, !isPage, !isWhole(response), attempt + 1 < min(3, retries.attempts) else {
                return response
            }
            try await pause(after: attempt)
            attempt += 1
        }
    }

    /// Sends a request with authorization, and repeats it after a 401 at most twice, each time with another token.
    ///
    /// A first new token may expire while other requests are using it, hence twice. A request to another origin than
    /// the registry gets no authorization.
    func authorized(
        _ request: HTTPRequest, _ access: RepositoryAccess, margin: Double,
        _ attempt: @Sendable (HTTPRequest) async throws(RegistryError) -> HTTPResponse
    ) async throws(RegistryError) -> HTTPResponse {
        func send(_ request: HTTPRequest) async throws(RegistryError) -> HTTPResponse {
            var request = request
            request.followsRedirects = true
            let response = try await attempt(request)
            tell(of: response, to: request)
            return response
        }
        // An upload's URL may be on another host, which must not receive the registry's credentials.
        guard request.url.hasSameOrigin(as: access.endpoint) else { return try await send(request) }
        var first: HTTPResponse?
        if request.body.length == 0, let answer = try await authenticator.claimFirstRequest(access) {
            defer { answer.finish() }
            do throws(RegistryError) { first = try await send(request) } catch {
                answer.yield(.failure(error))
                throw error
            }
            if let first, first.isSuccess {
                answer.yield(.success(.none))
                return first
            }
        }
        var request = request
        var current = try await authenticator.authorization(for: access, margin: margin)
        request.headers["Authorization"] = current?.unredacted
        var response: HTTPResponse
        // Without credentials a second request would get the same response.
        if let first, current == nil { response = first } else { response = try await send(request) }
        // A 401 from a host that the registry redirected to is not the registry's challenge: following its realm would
        // let that host choose who receives the registry's credentials.
        for _ in 0..<2 where response.status == 401 && response.url.hasSameOrigin(as: access.endpoint) {
            let next = try await authenticator.authorization(for: access, after: response, refused: current)
            guard let next else { break }
            current = next
            request.headers["Authorization"] = next.unredacted
            response = try await send(request)
        }
        return response
    }

    /// Notifies the user, once for each host, that a registry redirects pushed data elsewhere.
    ///
    /// Downloads are not reported, since redirects to storage are normal for them.
    private func tell(of response: HTTPResponse, to request: HTTPRequest) {
        guard !["GET", "HEAD"].contains(request.method), !response.url.hasSameOrigin(as: request.url) else { return }
        let words =
            "\(request.url.authority) sends what is pushed to \(response.url.scheme)://\(response.url.authority)"
        if redirects.isNew(words) { notice(words) }
    }

    /// Waits before the next attempt, as long as the retry policy demands.
    func pause(after attempt: Int, _ headers: HTTPHeaders? = nil) async throws(RegistryError) {
        do { try await Task.sleep(for: .seconds(retries.wait(after: attempt, headers: headers))) } catch {
            throw RegistryError(.cancelled, "cancelled")
        }
    }

    /// Repeats a refused HEAD as a GET: the response to a HEAD has no body that could explain the refusal.
    private func explained(
        _ request: HTTPRequest, _ response: HTTPResponse, _ access: RepositoryAccess
    ) async -> HTTPResponse {
        guard request.method == "HEAD", [401, 402, 403, 429].contains(response.status) else { return response }
        var question = request
        question.method = "GET"
        question.headers["Range"] = "bytes=0-0"
        let answer = try? await send(question, access, retrying: false, limit: 64 << 10)
        guard let answer, answer.status == response.status, !answer.body.isEmpty else { return response }
        return answer
    }

    /// Returns the error for a response, with the details that help to fix it.
    func refusal(
        _ request: HTTPRequest, _ response: HTTPResponse, _ access: RepositoryAccess
    ) async -> RegistryError {
        let response = await explained(request, response, access)
        let credential = try? await authenticator.credential(for: access)
        let answer = ServerAnswer(response, hiding: credential?.secrets ?? [])
        var reason = "\(request.name)"
        if response.url != request.url { reason += ", which was sent on to \(response.url)," }
        reason += " answered \(answer)"
        if let place = response.pointsTo { reason += "; it points to \(place), where this is not sent" }
        switch response.status {
        case 401, 403:
            let explanation = credential?.explanation ?? "no credentials"
            reason += "; \(explanation); asked for \(access.scopes.map(\.description).joined(separator: " "))"
            return RegistryError(.unauthorized, reason)
        case 404: return RegistryError(.notFound, reason)
        case 413 where request.body.length != 0:
            let length = request.body.length.map { "of \($0) bytes" } ?? "of this length"
            reason += "; the registry, or a proxy before it, takes no body \(length):"
            return RegistryError(.refused, reason + " cut the layer with 'split' in image.yaml")
        default: return RegistryError(.refused, reason)
        }
    }
}

extension HTTPClient {
    func send(
        _ request: HTTPRequest, retrying policy: RetryPolicy, pace: HostPace? = nil, limit: Int = 4 << 20,
        orElse code: RegistryError.Code
    ) async throws(RegistryError) -> HTTPResponse {
        do throws(HTTPError) { return try await send(request, retrying: policy, pace: pace, limit: limit) } catch {
            throw RegistryError(error, orElse: code)
        }
    }
}
