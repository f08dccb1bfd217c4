import POSIX
import Synchronization
import TestSupport
import Testing

@testable import HTTP

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

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE"], [301, 302, 303, 307, 308])
    func `what writes is sent again whole where the method stays, without what is for another`(
        _ method: String, _ status: Int
    ) async throws {
        let folder = try TemporaryFolder()
        let content = String((0..<60_000).map { "\($0) " }.joined().prefix(300_000))
        let file = try BodyFile(folder.write("body", content))
        let received = Mutex<[[UInt8]]>([])
        let other = try await LoopbackServer { request in
            received.withLock { $0.append(request.body) }
            return .answer(201, ["Location": "/v2/session"])
        }
        let server = try await LoopbackServer { request in
            request.path == "/from" ? .answer(status, ["Location": other.url("/to?a=b").text]) : .answer(404)
        }
        for isSentOnce in [true, false] {
            var request = HTTPRequest(
                method, server.url("/from"),
                headers: ["Authorization": "Basic eDp5", "Cookie": "a=b", "Content-Type": "x/y"],
                body: .file(file, offset: 1, length: 299_999))
            request.followsRedirects = true
            request.isSentOnce = isSentOnce
            let response = try await HTTPClient().send(request)
            guard [307, 308].contains(status) else {
                #expect(response.status == status && response.pointsTo == other.url("/to").text)
                continue
            }
            #expect(response.status == 201 && response.url == other.url("/to?a=b") && response.pointsTo == nil)
        }
        guard [307, 308].contains(status) else { return #expect(other.requests.isEmpty) }
        #expect(other.requests.map(\.line) == ["\(method) /to", "\(method) /to"])
        #expect(received.withLock { $0.allSatisfy { $0 == Array(content.utf8.dropFirst()) } })
        #expect(other.requests.allSatisfy { $0.headers["Authorization"] == nil && $0.headers["Cookie"] == nil })
        #expect(other.requests.allSatisfy { $0.headers["Content-Type"] == "x/y" })
    }

    @Test func `what is still being written is not sent twice`() async throws {
        let folder = try TemporaryFolder()
        let file = try GrowingFile(folder.write("body", "bytes"))
        let server = try await LoopbackServer { _ in .answer(307, ["Location": "/again"]) }
        var request = HTTPRequest("PATCH", server.url("/from"), body: .growing(file))
        request.followsRedirects = true
        file.grow(to: 5)
        file.end()
        let response = try await HTTPClient().send(request)
        #expect(response.status == 307 && response.pointsTo == server.url("/again").text)
        #expect(server.requests.count == 1)
    }

    /// Each leads to this machine, and none is a spelling that the URL alone shows as a loopback address.
    @Test(
        .enabled(if: ["http_proxy", "HTTP_PROXY", "all_proxy"].allSatisfy { ProcessEnvironment.value($0) == nil }),
        arguments: ["0.0.0.0", "0", "2130706433", "0x7f.1", "[::ffff:7f00:1]"])
    func `nobody is sent to this machine, however its address is written`(_ host: String) async throws {
        let server = try await LoopbackServer { request in
            request.path == "/from" ? .answer(302, ["Location": request.headers["X-To"] ?? ""]) : .answer(200)
        }
        var configuration = HTTPClient.Configuration()
        configuration.allowsPlainHTTP = true
        let client = HTTPClient(configuration)
        let port = server.port
        // A URL that the user provides is allowed, whatever it is.
        let target = "http://\(host):\(port)/secret"
        #expect(try await client.send(HTTPRequest("GET", HTTPURL("http://127.1:\(port)/other"))).status == 200)
        let request = HTTPRequest("GET", try HTTPURL("http://127.1:\(port)/from"), headers: ["X-To": target])
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(error?.code == .invalidURL && error?.reason.contains("this machine") == true, "\(error as Any)")
        #expect(!server.requests.contains { $0.path == "/secret" })
    }

    @Test(
        arguments: [
            ("https://a.example/x", "http://a.example/x", nil), ("https://a.example/x", "http://b.example/", nil),
            ("https://localhost/x", "http://localhost/x", nil), ("https://a.example/", "https://127.0.0.1/", nil),
            ("http://a.example/", "http://127.0.0.1/", nil), ("http://localhost/", "http://a.example/", nil),
            ("https://a.example/x", "https://b.example/y", false),
            ("https://a.example/x", "https://a.example:444/", false),
            ("http://a.example/", "https://a.example/", false), ("https://a.example/x", "/y", true),
            ("https://a.example/x", "//a.example/y", true), ("http://127.0.0.1:1/", "http://127.0.0.1:2/", false),
        ] as [(String, String, Bool?)])
    func `nobody is sent to this machine or out of TLS, and credentials stay`(
        _ from: String, _ location: String, _ keepsCredentials: Bool?
    ) throws {
        for method in ["GET", "PUT"] {
            var request = HTTPRequest(method, try HTTPURL(from), headers: ["Authorization": "Bearer t"])
            request.followsRedirects = true
            let response = HTTPResponse(status: 308, headers: ["Location": location], body: [], url: request.url)
            guard let keepsCredentials else {
                let error = #expect(throws: HTTPError.self) { try request.following(response) }
                #expect(error?.reason.contains("it redirects to \(location), which is ") == true)
                continue
            }
            let next = try #require(try request.following(response))
            #expect((next.headers["Authorization"] != nil) == keepsCredentials && next.method == method)
        }
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
        #expect(
            error?.code == .invalidResponse && error?.reason.hasSuffix("the last to \(server.url("/again"))") == true)
        #expect(server.requests.count == 6)
        var put = HTTPRequest("PUT", server.url("/"), body: .bytes([1]))
        put.followsRedirects = true
        #expect(try await HTTPClient().send(put).pointsTo == server.url("/again").text, "302 would make a GET of it")
    }
}
