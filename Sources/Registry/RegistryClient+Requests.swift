import HTTP
import JSON
import Secrets

/// Requests with authorization, and what their answers mean.
extension RegistryClient {
    /// Sends a request to a registry: with authorization, again after a passing failure, and again after a 401.
    ///
    /// Only for what may be carried out twice. `margin` is how long the token must still live, in seconds.
    func send(
        _ request: HTTPRequest, _ access: RepositoryAccess, retrying: Bool = true, margin: Double = 10,
        limit: Int = 4 << 20
    ) async throws(RegistryError) -> HTTPResponse {
        let policy = retrying ? retries : .never
        return try await authorized(request, access, margin: margin) { [http, pace] (request) throws(RegistryError) in
            try await http.send(request, retrying: policy, pace: pace, limit: limit, orElse: .unreachable)
        }
    }

    /// Sends a request whose answer is a document, and again, twice at most, where that came damaged.
    ///
    /// A page for people is what the server means: no damage makes one of a document.
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

    /// Adds authorization, unless the request goes elsewhere than to the registry, and repeats it after a 401, twice at
    /// most and only with another token: the first may end while other requests use it up.
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
        // An upload's address may be on another host, which must not see our credentials.
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
        // Nothing to show would bring the same answer.
        if let first, current == nil { response = first } else { response = try await send(request) }
        // What another host wants that we were sent to is not the registry's question: its answer would name who gets the
        // registry's credentials.
        for _ in 0..<2 where response.status == 401 && response.url.hasSameOrigin(as: access.endpoint) {
            let next = try await authenticator.authorization(for: access, after: response, refused: current)
            guard let next else { break }
            current = next
            request.headers["Authorization"] = next.unredacted
            response = try await send(request)
        }
        return response
    }

    /// Says once of each host that it gets what was to be written elsewhere; downloads go to storage all the time.
    private func tell(of response: HTTPResponse, to request: HTTPRequest) {
        guard !["GET", "HEAD"].contains(request.method), !response.url.hasSameOrigin(as: request.url) else { return }
        let words =
            "\(request.url.authority) sends what is pushed to \(response.url.scheme)://\(response.url.authority)"
        if redirects.isNew(words) { notice(words) }
    }

    /// Waits as the policy says before the next attempt.
    func pause(after attempt: Int, _ headers: HTTPHeaders? = nil) async throws(RegistryError) {
        do { try await Task.sleep(for: .seconds(retries.wait(after: attempt, headers: headers))) } catch {
            throw RegistryError(.cancelled, "cancelled")
        }
    }

    /// The refusal of a HEAD has no body: what the registry says about it only a GET tells.
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

    /// The error that an answer means, worded with all that helps to mend it.
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
