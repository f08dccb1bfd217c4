import HTTP
import Synchronization
import TestSupport
import Testing

/// Faults of servers and networks.
@Suite struct FaultTests {
    @Test func `silence ends the request after the stall time`() async throws {
        let server = try await LoopbackServer { _ in .silence }
        let error = await #expect(throws: HTTPError.self) {
            var request = HTTPRequest("GET", server.url("/"))
            request.stallSeconds = 1
            return try await HTTPClient().send(request)
        }
        #expect(error?.code == .stalled)
        #expect(error?.isTransient == true)
    }

    @Test func `a cancelled task ends its request at once`() async throws {
        let server = try await LoopbackServer { _ in .silence }
        let task = Task { try await HTTPClient().send(HTTPRequest("GET", server.url("/"))) }
        _ = try await eventually { server.requests.isEmpty ? nil : true }
        task.cancel()
        let error = await #expect(throws: HTTPError.self) { try await task.value }
        // Not `.stalled`, which would be the final outcome without the cancellation.
        #expect(error?.code == .cancelled)
    }

    @Test func `a request of a cancelled task is never sent`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await HTTPClient().send(HTTPRequest("GET", server.url("/")))
        }
        task.cancel()
        let error = await #expect(throws: HTTPError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n", "HTTP/1.1 200 OK\r\nContent-", "",
    ])
    func `an answer that is cut off is not an answer`(bytes: String) async throws {
        let server = try await LoopbackServer { _ in .bytes(Array(bytes.utf8)) }
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest("GET", server.url("/")))
        }
        #expect(error?.code == .interrupted)
    }

    @Test func `what is not HTTP is refused`() async throws {
        let server = try await LoopbackServer { _ in .bytes(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)) }
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest("GET", server.url("/")))
        }
        #expect(error?.isTransient == false)
    }

    @Test func `an answer beyond the limit is refused`() async throws {
        let server = try await LoopbackServer { _ in .answer(200, body: Array(repeating: 65, count: 1001)) }
        let request = HTTPRequest("GET", server.url("/"))
        #expect(try await HTTPClient().send(request, limit: 1001).body.count == 1001)
        let error = await #expect(throws: HTTPError.self) { try await HTTPClient().send(request, limit: 1000) }
        #expect(error?.code == .invalidResponse)
    }

    @Test func `nobody there is told apart`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let url = HTTPURL(scheme: "http", host: "127.0.0.1", port: 1, target: "/")
        let error = await #expect(throws: HTTPError.self) { try await HTTPClient().send(HTTPRequest("GET", url)) }
        #expect(error?.code == .connectionFailed)
        #expect(server.requests.isEmpty)
    }

    @Test func `a body is sent from its beginning after the connection broke`() async throws {
        let content = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let broken = Mutex(0)
        let server = try await LoopbackServer(interrupting: { request in
            guard request.body.count > 100_000 else { return nil }
            return broken.withLock { count in
                count += 1
                return count == 1 ? .close : nil
            }
        }) { .answer(200, body: $0.body) }
        let client = HTTPClient()
        // The second request uses a kept connection.
        _ = try await client.send(HTTPRequest("GET", server.url("/")))
        let response = try await client.send(
            HTTPRequest("PUT", server.url("/"), body: .bytes(content)), retrying: Self.quick)
        #expect(response.body == content)
        #expect(server.requests.filter { $0.method == "PUT" }.count == 2)
    }

    @Test(arguments: [[], Array("order".utf8)], [true, false])
    func `a request is repeated by libcurl itself unless that would do harm`(body: [UInt8], isSentOnce: Bool)
        async throws
    {
        // libcurl resends only what was sent on a kept connection, and it is not required to keep one.
        var isKept = false
        for _ in 0..<3 where !isKept {
            isKept = try await sendOnBrokenConnection(body, isSentOnce)
        }
        #expect(isKept)
    }

    /// Returns true where the broken connection was a kept one, or where none may be kept.
    private func sendOnBrokenConnection(_ body: [UInt8], _ isSentOnce: Bool) async throws -> Bool {
        let count = Mutex(0)
        let server = try await LoopbackServer { request in
            guard request.method == "POST" else { return .answer(200) }
            return count.withLock {
                $0 += 1; return $0
            } == 1 ? .close : .answer(200)
        }
        let client = HTTPClient()
        _ = try await client.send(HTTPRequest("GET", server.url("/")))
        var request = HTTPRequest("POST", server.url("/"), body: body.isEmpty ? .empty : .bytes(body))
        request.isSentOnce = isSentOnce
        let result = await result(of: request, client)
        let ports = server.requests.prefix(2).map(\.clientPort)
        guard isSentOnce || ports.first == ports.last else { return false }
        #expect((try? result.get().status) == (isSentOnce ? nil : 200), "\(result)")
        #expect(server.requests.filter { $0.method == "POST" }.count == (isSentOnce ? 1 : 2))
        return true
    }

    private func result(of request: HTTPRequest, _ client: HTTPClient) async -> Result<HTTPResponse, HTTPError> {
        do throws(HTTPError) { return .success(try await client.send(request)) } catch { return .failure(error) }
    }

    @Test func `a refusal while the body is sent is the answer`() async throws {
        let server = try await LoopbackServer(interrupting: { $0.method == "PUT" ? .answer(413, text: "no") : nil }) {
            _ in
            .answer(200)
        }
        let request = HTTPRequest("PUT", server.url("/"), body: .bytes(Array(repeating: 0, count: 64 << 20)))
        let response = try await HTTPClient().send(request)
        #expect(response.status == 413)
        #expect(response.excerpt == "no")
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func `a passing failure is asked again`(status: Int) async throws {
        let count = Mutex(0)
        let server = try await LoopbackServer { _ in
            let number = count.withLock {
                $0 += 1; return $0
            }
            return number < 3 ? .answer(status, ["Retry-After": "0"]) : .answer(200)
        }
        let response = try await HTTPClient().send(HTTPRequest("GET", server.url("/")), retrying: Self.quick)
        #expect(response.status == 200)
        #expect(server.requests.count == 3)
    }

    @Test func `a final failure is not, and the last answer is returned`() async throws {
        let server = try await LoopbackServer { .answer($0.path == "/404" ? 404 : 503) }
        #expect(
            try await HTTPClient().send(HTTPRequest("GET", server.url("/404")), retrying: Self.quick).status == 404)
        #expect(server.requests.count == 1)
        #expect(
            try await HTTPClient().send(HTTPRequest("GET", server.url("/503")), retrying: Self.quick).status == 503)
        #expect(server.requests.count == 1 + Self.quick.attempts)
    }

    private static let quick = RetryPolicy(attempts: 4, firstBound: 0.01, lastBound: 0.05)
}
