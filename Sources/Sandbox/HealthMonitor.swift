import HTTP
import Timestamps

/// Checks a container's health by a GET of `/`; the path of io.net's own health check is undocumented.
struct HealthMonitor {
    /// The result of a check.
    enum Finding: Equatable {
        case waiting
        /// The container answered for the first time.
        case answered
        case gaveUp(String)
    }

    private let policy: HealthPolicy
    private let url: String
    private let start: Timestamp
    private let client: HTTPClient
    private var hasAnswered = false
    private var failures = 0
    private var next: ContinuousClock.Instant

    init(policy: HealthPolicy, port: Int, start: Timestamp, client: HTTPClient = HTTPClient()) {
        self.policy = policy
        self.start = start
        self.client = client
        url = "http://127.0.0.1:\(port)/"
        next = .now
    }

    /// Sends a request if the next one is due.
    mutating func check() async -> Finding {
        guard ContinuousClock.now >= next else { return .waiting }
        let problem = await ask()
        let isStarting = !hasAnswered && Timestamp.now() < start + policy.startPeriod
        next = .now + .seconds(isStarting && problem != nil ? 1 : policy.interval)
        guard let problem else {
            failures = 0
            defer { hasAnswered = true }
            return hasAnswered ? .waiting : .answered
        }
        guard !isStarting else { return .waiting }
        failures += 1
        guard failures >= policy.failures else { return .waiting }
        return .gaveUp("the health check failed \(failures) times in a row: GET \(url) \(problem)")
    }

    /// Returns what is wrong, nil where the status is 2xx.
    private func ask() async -> String? {
        let task = Task { [client, url] () throws(HTTPError) -> Int in
            var request = HTTPRequest("GET", try HTTPURL(url))
            request.followsRedirects = false
            request.stallSeconds = 5
            return try await client.send(request, limit: 1 << 20).status
        }
        let timer = Task {
            try await Task.sleep(for: .seconds(5))
            task.cancel()
        }
        defer { timer.cancel() }
        switch await task.result {
        case .success(let status): return (200..<300).contains(status) ? nil : "answered \(status)"
        case .failure(let error):
            let isLate = (error as? HTTPError)?.code == .cancelled
            return isLate ? "did not answer within 5 seconds" : "got no answer: \(error)"
        }
    }
}
