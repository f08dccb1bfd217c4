import HTTP
import Synchronization
import TestSupport
import Testing

/// Pauses that a server asks for and that all requests to it respect.
@Suite struct HostPaceTests {
    @Test func `what one request is told all others to the same host wait for`() async throws {
        let isBusy = Mutex(true)
        let busy = try await LoopbackServer { _ in
            isBusy.withLock { busy in
                defer { busy = false }
                return busy ? .answer(429, ["Retry-After": "1"]) : .answer(200)
            }
        }
        let idle = try await LoopbackServer { _ in .answer(200) }
        let (client, pace) = (HTTPClient(), HostPace())
        let started = ContinuousClock.now
        let refused = try await client.send(HTTPRequest("GET", busy.url("/a")), retrying: .never, pace: pace)
        #expect(refused.status == 429)
        // Requests to another host are not delayed.
        try await pace.wait(for: idle.url("/"))
        let other = try await client.send(HTTPRequest("GET", busy.url("/b")), retrying: .never, pace: pace)
        #expect(other.isSuccess)
        #expect(ContinuousClock.now - started >= .milliseconds(950))
        #expect(busy.requests.count == 2)
        // A caller that does not share the pace does not wait.
        #expect(try await client.send(HTTPRequest("GET", busy.url("/c"))).isSuccess)
    }

    @Test func `only 429, and 503 with a time, are asked for a pause`() async throws {
        let server = try await LoopbackServer { request in
            switch request.path {
            case "/late": .answer(503, ["Retry-After": "60"])
            case "/down": .answer(503)
            default: .answer(500, ["Retry-After": "60"])
            }
        }
        let client = HTTPClient()
        let pace = HostPace()
        for path in ["/down", "/broken"] {
            _ = try await client.send(HTTPRequest("GET", server.url(path)), retrying: .never, pace: pace)
        }
        try await pace.wait(for: server.url("/"))
        _ = try await client.send(HTTPRequest("GET", server.url("/late")), retrying: .never, pace: pace)
        let waiting = Task { try await pace.wait(for: server.url("/")) }
        waiting.cancel()
        // A cancelled task does not wait for the minute.
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
