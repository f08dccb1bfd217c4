import HTTP
import JSON
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox

struct APIServerTests {
    private static func withServer(
        _ answer: @escaping @Sendable (APIRequest) async -> APIAnswer, _ body: (String) async throws -> Void
    ) async throws {
        let server = try await APIServer(port: 0, answer: answer)
        do { try await body("http://\(server.address)") } catch {
            await server.close()
            throw error
        }
        await server.close()
    }

    @Test func `a request arrives as it was sent`() async throws {
        let echo: @Sendable (APIRequest) async -> APIAnswer = { request in
            .ok([
                "method": .string(request.method), "path": .array(request.path.map(JSONValue.string)),
                "query": .object(request.query.mapValues(JSONValue.string)), "key": .optional(request.apiKey),
                "body": .string(String(decoding: request.body, as: UTF8.self)),
            ])
        }
        try await Self.withServer(echo) { base in
            let url = try HTTPURL("\(base)/a/b%20c?x=1&y=deployment+requested&z=%2B&x=2&w")
            var request = HTTPRequest("POST", url, body: .bytes(Array("{}".utf8)))
            request.headers["X-API-Key"] = "key"
            let client = HTTPClient()
            for _ in 0..<3 {
                let answer = try await client.send(request)
                let json = try JSONValue(parsing: answer.body)
                #expect(json["method"] == "POST")
                #expect(json["path"] == ["a", "b c"])
                #expect(json["query"] == ["x": "2", "y": "deployment requested", "z": "+", "w": ""])
                #expect(json["key"] == "key")
                #expect(json["body"] == "{}")
            }
        }
    }

    @Test func `a body that is too large is refused`() async throws {
        try await Self.withServer({ _ in .ok(true) }) { base in
            let body = [UInt8](repeating: 0x20, count: APIServer.bodyLimit + 1)
            let answer = try await HTTPClient().send(HTTPRequest("POST", try HTTPURL(base), body: .bytes(body)))
            #expect(answer.status == 413)
        }
    }

    @Test func `events end with their producer, which ends with its reader`() async throws {
        let state = State()
        let produce: @Sendable (APIRequest) async -> APIAnswer = { request in
            APIAnswer(
                status: 200,
                content: .events { sink in
                    defer { state.ended.withLock { $0 += 1 } }
                    try await sink.send(Array("data: one\n\n".utf8))
                    if request.path == ["endless"] { try await Task.sleep(for: .seconds(600)) }
                    try await sink.send(Array("data: two\n\n".utf8))
                })
        }
        try await Self.withServer(produce) { base in
            let answer = try await HTTPClient().send(HTTPRequest("GET", try HTTPURL("\(base)/short")))
            #expect(String(decoding: answer.body, as: UTF8.self) == "data: one\n\ndata: two\n\n")
            #expect(answer.headers["Transfer-Encoding"] == "chunked")
            let outcome = try await Command("curl", ["-sN", "--max-time", "5", "\(base)/endless"]).run()
            #expect(outcome.output == "data: one\n\n")
            let ended = try await eventually { state.ended.withLock { $0 } == 2 ? true : nil }
            #expect(ended == true)
        }
    }

    private final class State: Sendable { let ended = Mutex(0) }
}
