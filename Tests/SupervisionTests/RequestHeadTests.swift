import Testing

@testable import Supervision

@Suite struct RequestHeadTests {
    static let refused = [
        "", "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", "GET / HTTP/2.0", "GET  / HTTP/1.1",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1", "GET / HTTP/1.1\r\nName : value",
        "GET / HTTP/1.1\r\nA: b\r\n folded", "GET / HTTP/1.1\r\nA: b\nC: d", "GET x HTTP/1.1",
        "GET / HTTP/1.1\r\nContent-Length: +5", "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked",
        "GET /\u{0} HTTP/1.1",
    ]

    @Test(arguments: refused) func `what could be read in two ways is refused`(_ text: String) {
        #expect(RequestHead(text.utf8) == nil)
    }

    @Test func `the model gets the head without the token and with one request a connection`() throws {
        let text =
            "POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer tok\r\nCookie: a=b; caas_token=tok\r\n"
            + "Connection: keep-alive\r\nContent-Length: 3"
        let head = try #require(RequestHead(text.utf8))
        #expect(
            String(decoding: head.relayed(hiding: "tok"), as: UTF8.self)
                == "POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
        )
        #expect(head.path == "/v1/x" && head.parameter("a") == "1" && head.parameter("b") == nil)
    }

    static let bodies: [(head: String, body: String, taken: Int?)] = [
        ("", "GET /second HTTP/1.1\r\n\r\n", 0), ("Content-Length: 3", "abcGET", 3), ("Content-Length: 9", "abc", 3),
        ("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\nGET", 13),
        ("Transfer-Encoding: chunked", "3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\nGET", 23),
        ("Transfer-Encoding: chunked", "zz\r\n", nil), ("Transfer-Encoding: chunked", "3\nabc", nil),
        ("Upgrade: websocket\r\nConnection: keep-alive, Upgrade", "anything", 8),
    ]

    @Test(arguments: bodies) func `what follows a request is not part of it`(
        _ head: String, _ body: String, _ taken: Int?
    ) throws {
        let parsed = try #require(RequestHead(("POST / HTTP/1.1" + (head.isEmpty ? "" : "\r\n" + head)).utf8))
        var whole = RequestFraming(parsed)
        #expect(whole.take(Array(body.utf8)) == taken)
        guard let taken else { return }
        var bytewise = RequestFraming(parsed)
        #expect(body.utf8.reduce(0) { $0 + (bytewise.take([$1]) ?? 0) } == taken)
    }
}
