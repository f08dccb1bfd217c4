private import Timestamps

/// When a request that failed for a passing reason is sent again, and after how long.
///
/// Waits are drawn evenly from zero to a bound that doubles ("full jitter"); what the server says in Retry-After is
/// waited out, up to two minutes.
package struct RetryPolicy: Sendable {
    /// How often a request is sent at most.
    package var attempts: Int
    /// Seconds that the first wait takes at most.
    package var firstBound: Double
    /// Seconds that any wait takes at most.
    package var lastBound: Double

    /// The defaults of a client that talks to a service over the internet.
    package init(attempts: Int = 6, firstBound: Double = 0.5, lastBound: Double = 30) {
        self.attempts = attempts
        self.firstBound = firstBound
        self.lastBound = lastBound
    }

    /// Sent once.
    package static let never = RetryPolicy(attempts: 1)

    /// True for the answers that mean "later": 408, 425, 429 and the passing kinds of 5xx.
    package static func isTransient(status: Int) -> Bool {
        [408, 425, 429, 500, 502, 503, 504, 520, 522, 524].contains(status)
    }

    /// Seconds to wait after attempt number `attempt`, which counts from 0.
    package func wait(after attempt: Int, headers: HTTPHeaders? = nil) -> Double {
        if let said = headers.flatMap(Self.retryAfter) { return min(said, 120) }
        let bound = min(lastBound, firstBound * Double(1 << min(attempt, 20)))
        return Double.random(in: 0...bound)
    }

    /// Retry-After in seconds, or a date. <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>
    static func retryAfter(_ headers: HTTPHeaders) -> Double? {
        guard let text = headers["Retry-After"] else { return nil }
        if let seconds = Int(text) { return Double(max(0, seconds)) }
        return Timestamp(http: text).map { Double(max(0, $0.seconds - Timestamp.now().seconds)) }
    }
}

extension HTTPClient {
    /// Sends a request until it is answered with something final, or the policy's attempts are used up.
    ///
    /// Only for requests that may be carried out twice. The last answer or error is what the caller gets. `pace` is
    /// shared by all who send to the same hosts.
    package func send(
        _ request: HTTPRequest, retrying policy: RetryPolicy, pace: HostPace? = nil, limit: Int = 16 << 20
    ) async throws(HTTPError) -> HTTPResponse {
        var attempt = 0
        while true {
            let wait: Double
            do { try await pace?.wait(for: request.url) } catch {
                throw HTTPError(.cancelled, request.name, "cancelled")
            }
            do throws(HTTPError) {
                let response = try await send(request, limit: limit)
                pace?.note(response, from: request.url, wait: policy.wait(after: attempt, headers: response.headers))
                guard RetryPolicy.isTransient(status: response.status), attempt + 1 < policy.attempts else {
                    return response
                }
                wait = policy.wait(after: attempt, headers: response.headers)
            } catch {
                guard error.isTransient, attempt + 1 < policy.attempts else { throw error }
                wait = policy.wait(after: attempt)
            }
            attempt += 1
            do { try await Task.sleep(for: .seconds(wait)) } catch {
                throw HTTPError(.cancelled, request.name, "cancelled")
            }
        }
    }
}
