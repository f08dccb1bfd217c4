private import Timestamps

/// The number of attempts for a request with transient failures, and the waits between them.
///
/// A wait is uniformly random between zero and a bound that doubles ("full jitter"). A server's Retry-After is
/// respected up to two minutes.
package struct RetryPolicy: Sendable {
    /// The most attempts.
    package var attempts: Int
    /// The longest first wait in seconds.
    package var firstBound: Double
    /// The longest wait in seconds.
    package var lastBound: Double

    /// The defaults for a service on the internet.
    package init(attempts: Int = 6, firstBound: Double = 0.5, lastBound: Double = 30) {
        self.attempts = attempts
        self.firstBound = firstBound
        self.lastBound = lastBound
    }

    /// A single attempt.
    package static let never = RetryPolicy(attempts: 1)

    /// Returns true for "try later" statuses: 408, 425, 429 and the transient kinds of 5xx.
    package static func isTransient(status: Int) -> Bool {
        [408, 425, 429, 500, 502, 503, 504, 520, 522, 524].contains(status)
    }

    /// Returns the seconds to wait after attempt number `attempt`, which counts from 0.
    package func wait(after attempt: Int, headers: HTTPHeaders? = nil) -> Double {
        if let said = headers.flatMap(Self.retryAfter) { return min(said, 120) }
        let bound = min(lastBound, firstBound * Double(1 << min(attempt, 20)))
        return Double.random(in: 0...bound)
    }

    /// Returns Retry-After, seconds or a date, in seconds. <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>
    static func retryAfter(_ headers: HTTPHeaders) -> Double? {
        guard let text = headers["Retry-After"] else { return nil }
        if let seconds = Int(text) { return Double(max(0, seconds)) }
        return Timestamp(http: text).map { Double(max(0, $0.seconds - Timestamp.now().seconds)) }
    }
}

extension HTTPClient {
    /// Sends a request until it gets a final answer, or the policy's attempts are used up.
    ///
    /// Only for requests that may be carried out twice. Returns or throws the last attempt's result. All tasks that
    /// send to the same hosts share `pace`.
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
