/// Why a request got no answer; a status of 400 or more is an answer, not an error.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, for those who decide what to do next.
    package enum Code: Sendable, Equatable {
        /// The text is no URL that we may use.
        case invalidURL
        /// The name of the host has no address.
        case unknownHost
        /// Nobody listens there, or the way is barred.
        case connectionFailed
        /// The certificate or the handshake was refused.
        case tls
        /// The proxy on the way lets nobody through, or not us.
        case proxyRefused
        /// Nothing moved for the stall time.
        case stalled
        /// The connection broke before the answer was whole.
        case interrupted
        /// The answer is longer than the caller allows, or is not HTTP.
        case invalidResponse
        /// The body could not be read or written on this side.
        case localBody
        /// The task was cancelled.
        case cancelled
        /// Anything else that libcurl says.
        case other
    }

    /// What went wrong.
    package let code: Code
    /// Method and URL without query.
    package let request: String
    /// Why it failed, without the request.
    package let reason: String
    /// What is wrong with the certificates, where it is that.
    package internal(set) var tlsProblem: TLSProblem?

    /// An error for a request, given as method and URL without query.
    package init(_ code: Code, _ request: String, _ reason: String) {
        self.code = code
        self.request = request
        self.reason = reason
    }

    /// `cannot GET https://host/path: reason`.
    package var description: String { "cannot \(request): \(reason)" }

    /// True where the same request may go better a moment later.
    package var isTransient: Bool { [.connectionFailed, .stalled, .interrupted].contains(code) }
}
