/// Where an answer sends a request: the one place that decides whether it goes there, and what of it.
extension HTTPRequest {
    /// The statuses whose Location is where the same is to be asked, with the same method and body.
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-15.4.8>
    private static let repeated = [307, 308]
    /// Those after which others turn everything into a GET.
    ///
    /// Who only reads asks the same again; what was to be written would not arrive, and the answer to the GET would be taken
    /// for one to the writing.
    private static let reading = [301, 302, 303] + repeated

    /// The request as it goes to where an answer points; nil where the answer is the caller's, be it a redirect or not.
    ///
    /// Throws where an answer points to what it must not: from elsewhere to this machine, or from TLS to plain HTTP.
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
        // What is for one server is not to be shown to another, and stays away should that one send back.
        if !next.hasSameOrigin(as: url) {
            for secret in ["Authorization", "Proxy-Authorization", "Cookie"] { request.headers[secret] = nil }
        }
        return request
    }
}

extension HTTPURL {
    /// True where what answers here may send us to `target`: never from elsewhere to a service of this machine, and to
    /// plain HTTP only from there.
    package func mayRefer(to target: HTTPURL) -> Bool {
        if hasSameOrigin(as: target) { return true }
        if isLoopback { return target.isLoopback || target.scheme == "https" }
        return !target.isLoopback && (target.scheme == "https" || scheme == "http")
    }
}

extension HTTPResponse {
    /// Where an answer points that was not followed, without its query; nil for an answer that points nowhere.
    package var pointsTo: String? {
        guard (300..<400).contains(status), let location = headers["Location"] else { return nil }
        return (try? url.resolving(location))?.description ?? "what is no URL"
    }
}
