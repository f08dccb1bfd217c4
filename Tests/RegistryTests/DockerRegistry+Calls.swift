import TestSupport
import Testing

extension DockerRegistry {
    /// Returns the answered requests in order, such as `PUT /v2/app/manifests/1`; waits, since the log lags behind.
    func calls(atLeast count: Int) async throws -> [String] {
        let areThere = try await eventually(within: 5, every: 0.1) { calls.count >= count ? true : nil }
        if areThere == nil { Issue.record("fewer than \(count): \(calls)") }
        return calls
    }

    private var calls: [String] {
        log.split(separator: "\n").compactMap { line in
            line.firstMatch(of: #/"(GET|HEAD|POST|PUT|PATCH|DELETE) (\/v2\/[^ ]*) HTTP/#).map { "\($0.1) \($0.2)" }
        }
    }
}
