/// Redirects: the one place that decides whether a request follows one, and what it still carries.
extension HTTPRequest {
    /// The statuses that repeat the request at the Location with the same method and body.
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-15.4.8>
    private static let repeated = [307, 308]
    /// The statuses that a GET or HEAD follows.
    ///
    /// After 301, 302 and 303 other clients turn every method into a GET. For a read that is the same request. A write
    /// would be lost, and the answer to the GET would be mistaken for the answer to the write.
    private static let reading = [301, 302, 303] + repeated

    /// Returns the redirected request; nil where the answer is final or its redirect is not followed.
    ///
    /// Throws for a forbidden target: this machine, from another one, or plain HTTP, from TLS.
    func following(_ response: HTTPResponse) throws(HTTPError) -> HTTPRequest? {
        let statuses = method == "GET" || method == "HEAD" ? Self.reading : Self.repeated
        guard followsRedirects, statuses.contains(response.status), body.length != nil,
            let location = response.headers["Location"]
        else { return nil }
        let next = try response.url.resolving(location)
        guard url.mayRefer(to: next), next.scheme == "https" || url.scheme == "http" else {
            let words = next.isLoopback ? "this machine, where it may send nobody" : "a connection without TLS"
            throw HTTPError(.invalidURL, name, "it redirects to \(next), which is \(words)")
        }
        var request = self
        request.url = next
        request.isReferred = isReferred || !(url.isLoopback || next.hasSameOrigin(as: url))
        // Credentials for one origin must not be sent to another, and stay removed if that one redirects back.
        if !next.hasSameOrigin(as: url) {
            for secret in ["Authorization", "Proxy-Authorization", "Cookie"] { request.headers[secret] = nil }
        }
        return request
    }
}

extension HTTPURL {
    /// Returns true where a server at this URL may redirect to `target`.
    ///
    /// Another machine must never redirect to a service of this one, and only plain HTTP may redirect to plain HTTP.
    package func mayRefer(to target: HTTPURL) -> Bool {
        if hasSameOrigin(as: target) { return true }
        if isLoopback { return target.isLoopback || target.scheme == "https" }
        return !target.isLoopback && (target.scheme == "https" || scheme == "http")
    }
}

extension HTTPResponse {
    /// The target of a redirect that was not followed, without its query; nil for an answer without a Location.
    package var pointsTo: String? {
        guard (300..<400).contains(status), let location = headers["Location"] else { return nil }
        return (try? url.resolving(location))?.description ?? "what is no URL"
    }
}
