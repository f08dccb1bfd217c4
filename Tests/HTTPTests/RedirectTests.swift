import HTTP
import TestSupport
import Testing

@Suite struct RedirectTests {
    @Test(arguments: [301, 302, 303, 307, 308])
    func `Authorization goes along within one origin, and not to another`(status: Int) async throws {
        let other = try await LoopbackServer { _ in .answer(200, text: "there") }
        let server = try await LoopbackServer { request in
            switch request.path {
            case "/here": .answer(200, text: "here")
            case "/within": .answer(status, ["Location": "/here"])
            default: .answer(status, ["Location": other.url("/there?signature=x").text])
            }
        }
        for (path, answer) in [("/within", "here"), ("/away", "there")] {
            let request = HTTPRequest("GET", server.url(path), headers: ["Authorization": "Bearer t", "X-Kept": "1"])
            let response = try await HTTPClient().send(request)
            #expect(String(decoding: response.body, as: UTF8.self) == answer)
        }
        #expect(server.requests.map { $0.headers["Authorization"] } == ["Bearer t", "Bearer t", "Bearer t"])
        #expect(other.requests.map { $0.headers["Authorization"] } == [nil])
        #expect(other.requests.map { $0.headers["X-Kept"] } == ["1"])
        #expect(other.requests.map(\.target) == ["/there?signature=x"])
    }

    @Test func `a redirected PUT is left to the caller`() async throws {
        let server = try await LoopbackServer { _ in .answer(307, ["Location": "/x"]) }
        let response = try await HTTPClient().send(HTTPRequest("PUT", server.url("/"), body: .bytes([1])))
        #expect(response.status == 307)
        #expect(server.requests.count == 1)
    }

    @Test func `a circle ends`() async throws {
        let server = try await LoopbackServer { _ in .answer(302, ["Location": "/again"]) }
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest("GET", server.url("/")))
        }
        #expect(error?.code == .invalidResponse)
        #expect(server.requests.count == 6)
    }
}
