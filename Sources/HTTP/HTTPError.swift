/// Why a request got no answer; a status of 400 or more is an answer, not an error.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of the error, for callers that decide what to do next.
    package enum Code: Sendable, Equatable {
        /// The text is not a URL that this client supports.
        case invalidURL
        /// The host name has no address.
        case unknownHost
        /// No server accepts connections there, or the network blocks them.
        case connectionFailed
        /// The certificate or the handshake was refused.
        case tls
        /// The proxy refuses the connection.
        case proxyRefused
        /// No byte moved for the stall time.
        case stalled
        /// The connection broke before the answer was complete.
        case interrupted
        /// The answer is longer than the caller allows, or is not HTTP.
        case invalidResponse
        /// The local body could not be read or written.
        case localBody
        /// The task was cancelled.
        case cancelled
        /// Any other libcurl error.
        case other
    }

    package let code: Code
    /// Method and URL without query.
    package let request: String
    /// The reason, without the request.
    package let reason: String
    /// The problem with the certificates or TLS, if that is the reason.
    package internal(set) var tlsProblem: TLSProblem?

    /// Creates an error for a request, given as method and URL without query.
    package init(_ code: Code, _ request: String, _ reason: String) {
        self.code = code
        self.request = request
        self.reason = reason
    }

    /// For example `cannot GET https://host/path: reason`.
    package var description: String { "cannot \(request): \(reason)" }

    /// True where the same request may succeed a moment later.
    package var isTransient: Bool { [.connectionFailed, .stalled, .interrupted].contains(code) }
}
