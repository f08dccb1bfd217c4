import HTTP
import POSIX
import Synchronization
import TestSupport
import Testing

/// The bytes that requests send.
@Suite struct RequestTests {
    @Test(arguments: ["GET", "HEAD", "PUT", "POST", "DELETE"])
    func `a request has its fields and nothing that was not said`(method: String) async throws {
        let server = try await LoopbackServer { _ in .answer(200, ["X-Answer": " yes "], text: "body") }
        let request = HTTPRequest(method, server.url("/a//b/../c?d=%2f&e"), headers: ["X-One": "1", "X-Empty": ""])
        let response = try await HTTPClient().send(request)
        #expect(response.status == 200)
        #expect(response.headers["x-answer"] == "yes")
        #expect(response.body == (method == "HEAD" ? [] : Array("body".utf8)))
        let received = try #require(server.requests.first)
        #expect(received.target == "/a//b/../c?d=%2f&e")
        #expect(received.headers["X-One"] == "1")
        #expect(received.headers["X-Empty"] == "")
        #expect(received.headers["Host"] == server.host)
        #expect(received.headers["User-Agent"] == "caasctl")
        #expect(received.headers["Content-Length"] == (["PUT", "POST"].contains(method) ? "0" : nil))
        for name in ["Expect", "Content-Type", "Transfer-Encoding", "Authorization", "Accept-Encoding"] {
            #expect(received.headers[name] == nil, "\(name)")
        }
    }

    @Test func `a part of a file is sent, and its progress told`() async throws {
        let folder = try TemporaryFolder()
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try FileSystem.write(content, to: folder("file"))
        let server = try await LoopbackServer { .answer(200, body: $0.body) }
        let told = Mutex<[Int64]>([])
        var request = HTTPRequest(
            "PUT", server.url("/"), body: .file(try BodyFile(folder("file")), offset: 1_000, length: 2_000_000))
        request.onUpload = { bytes in told.withLock { $0.append(bytes) } }
        let response = try await HTTPClient().send(request)
        #expect(response.body == Array(content[1_000..<2_001_000]))
        let steps = told.withLock { $0 }
        #expect(steps == steps.sorted())
        #expect(steps.count > 2)
        #expect(steps.last == 2_000_000)
        #expect(server.requests.first?.headers["Content-Length"] == "2000000")
    }

    @Test func `a file that is shorter than it was is an error of this side`() async throws {
        let folder = try TemporaryFolder()
        let file = try BodyFile(try folder.write("file", "short"))
        let server = try await LoopbackServer { _ in .answer(200) }
        let request = HTTPRequest("PUT", server.url("/"), body: .file(file, offset: 0, length: 100))
        let error = await #expect(throws: HTTPError.self) { try await HTTPClient().send(request) }
        #expect(error?.code == .localBody)
        #expect(error?.description == "cannot PUT \(server.url("/")): the file became shorter while it was sent")
    }

    @Test func `a line break in a field is refused before anything is sent`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let request = HTTPRequest("GET", server.url("/"), headers: ["X": "a\r\nAuthorization: b"])
        await #expect(throws: HTTPError.self) { try await HTTPClient().send(request) }
        #expect(server.requests.isEmpty)
    }

    @Test func `plain HTTP stays on this machine unless it is said`() async throws {
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest("GET", HTTPURL("http://192.0.2.1/a?secret")))
        }
        #expect(error?.code == .invalidURL)
        #expect(
            error?.description == "cannot GET http://192.0.2.1/a: 192.0.2.1 is not this machine, and plain HTTP "
                + "would show secrets; use https")
        let server = try await LoopbackServer { _ in .answer(302, ["Location": "http://192.0.2.1/"]) }
        let redirected = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest("GET", server.url("/")))
        }
        #expect(redirected?.code == .invalidURL)
    }

    @Test func `many requests at once come back each to its own`() async throws {
        let server = try await LoopbackServer { .answer(200, text: $0.target) }
        let client = HTTPClient()
        let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let response = try await client.send(HTTPRequest("GET", server.url("/\(number)")))
                    return String(decoding: response.body, as: UTF8.self) == "/\(number)"
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: true, count: 200))
    }
}
