import Secrets
import Testing

@testable import Supervision

@Suite struct RequestHeadTests {
    static let token = PageToken(Secret("tok"))

    /// Invalid heads; `…` stands for a valid request line and Host field.
    static let refused = [
        "", "GET / HTTP/2.0\r\nHost: h", "GET / HTTP/1.2\r\nHost: h", "GET / http/1.1\r\nHost: h",
        "GET  / HTTP/1.1\r\nHost: h", " GET / HTTP/1.1\r\nHost: h", "GET /\tHTTP/1.1\r\nHost: h", "GET /\r\nHost: h",
        "\r\nGET / HTTP/1.1\r\nHost: h", "GET x HTTP/1.1\r\nHost: h", "GET http://h/ HTTP/1.1\r\nHost: h",
        "GET * HTTP/1.1\r\nHost: h", "CONNECT h:80 HTTP/1.1\r\nHost: h", "CONNECT / HTTP/1.1\r\nHost: h",
        "GET /# HTTP/1.1\r\nHost: h", "GET /\u{0} HTTP/1.1\r\nHost: h", "GET /\u{e4} HTTP/1.1\r\nHost: h",
        "G\u{e4}T / HTTP/1.1\r\nHost: h",
        // The host.
        "GET / HTTP/1.1", "…Host: h", "…host: other", "GET / HTTP/1.1\r\nHost: a b", "GET / HTTP/1.1\r\nHost: a,b",
        "GET / HTTP/1.1\r\nHost: a/b", "GET / HTTP/1.1\r\nHost: u@h", "GET / HTTP/1.1\r\nHost: h:80:80",
        "GET / HTTP/1.1\r\nHost: h:-1", "GET / HTTP/1.1\r\nHost: :80", "GET / HTTP/1.1\r\nHost: [::1",
        "GET / HTTP/1.1\r\nHost: []", "GET / HTTP/1.1\r\nHost: [::1]x", "GET / HTTP/1.1\r\nHost: \u{e4}",
        "GET / HTTP/1.0\r\nHost: h\r\nHost: h",
        // The body's length.
        "…Content-Length: 1\r\nTransfer-Encoding: chunked", "…Content-Length: 1\r\nContent-Length: 1",
        "…Content-Length: 1, 1", "…Content-Length: +5", "…Content-Length: -5", "…Content-Length: 0x5",
        "…Content-Length:", "…Content-Length: 5 5", "…Content-Length: 99999999999999999999",
        "…Content-Length: \u{665}", "…Transfer-Encoding: gzip, chunked", "…Transfer-Encoding: chunked, chunked",
        "…Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "…Transfer-Encoding: identity",
        "…Transfer-Encoding:", "…Transfer-Encoding: xchunked", "…Transfer-Encoding: chunked;q=1",
        "…Transfer-Encoding: \"chunked\"", "GET / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked",
        // The syntax of fields.
        "…Name : value", "…Name\t: value", "…: value", "…Name", "… Name: value", "…A: b\r\n folded",
        "…A: b\r\n\tfolded",
        "…A: b\nC: d", "…A: b\rC: d", "…A: b\r", "…A: b\u{0}", "…A: \u{7f}", "…A: \u{1}", "…N\u{e4}me: value",
        "…A(b): c",
    ]

    @Test(arguments: refused) func `what could be read in two ways is refused`(_ text: String) {
        let whole = text.hasPrefix("…") ? "GET / HTTP/1.1\r\nHost: h\r\n" + text.dropFirst() : text
        #expect(RequestHead(whole.utf8) == nil)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: h", "GET / HTTP/1.1\r\nHost:", "GET / HTTP/1.0", "GET / HTTP/1.1\r\nhOST: h:8080",
        "GET / HTTP/1.1\r\nHost: [::1]:80", "GET / HTTP/1.1\r\nHost: 127.0.0.1:", "OPTIONS * HTTP/1.1\r\nHost: h",
        "GET //x/../%2f;a HTTP/1.1\r\nHost: h", "GET /{a}|b HTTP/1.1\r\nHost: h",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked", "GET / HTTP/1.1\r\nHost: h\r\nA:\r\nB: \t b \t",
        "POST / HTTP/1.0\r\nContent-Length: 007",
    ])
    func `what has one meaning is taken`(_ text: String) { #expect(RequestHead(text.utf8) != nil) }

    @Test func `the model gets the head without the token and with one request a connection`() throws {
        let cookie = Self.token.setCookie(try #require(RequestHead("GET / HTTP/1.0".utf8))).1
        let pair = try #require(cookie.split(separator: ";").first)
        let text =
            "POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer tok\r\nCookie: a=b; \(pair);c=d\r\n"
            + "Connection: keep-alive, X-Mine, host, Content-Length\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
            + "Upgrade: h2c\r\nContent-Length: 3\r\nauthorization: Bearer other"
        let head = try #require(RequestHead(text.utf8))
        #expect(
            String(decoding: head.relayed(hiding: Self.token), as: UTF8.self)
                == "POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nCookie: a=b; c=d\r\nContent-Length: 3\r\n"
                + "authorization: Bearer other\r\nConnection: close\r\n\r\n")
        #expect(head.path == "/v1/x" && head.parameter("a") == "1" && head.parameter("b") == nil)
    }

    @Test func `bytes that are no UTF-8 reach the model as they came`() throws {
        let name: [UInt8] = [0x66, 0xFC, 0x72, 0xFF, 0x80]
        let head = try #require(RequestHead(Array("GET / HTTP/1.1\r\nHost: h\r\nX-Name: ".utf8) + name))
        let relayed = head.relayed(hiding: Self.token)
        #expect(relayed.split(separator: 0x0A).contains { $0.elementsEqual(Array("X-Name: ".utf8) + name + [0x0D]) })
    }

    static let upgrades: [(fields: String, isWebSocket: Bool)] = [
        ("Upgrade: websocket\r\nConnection: Upgrade", true),
        ("Upgrade: WebSocket\r\nConnection: keep-alive, upgrade", true),
        ("Upgrade: websocket\r\nConnection: keep-alive\r\nConnection: Upgrade", true),
        ("Upgrade: websocket", false), ("Connection: Upgrade", false), ("Upgrade: h2c\r\nConnection: Upgrade", false),
        ("Upgrade: websocket, h2c\r\nConnection: Upgrade", false),
        ("Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: Upgrade", false),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5", false),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked", false),
    ]

    @Test(arguments: upgrades) func `only WebSocket is passed on as an upgrade`(
        _ fields: String, _ isWebSocket: Bool
    ) throws {
        let head = try #require(RequestHead("GET / HTTP/1.1\r\nHost: h\r\n\(fields)".utf8))
        #expect(head.wantsWebSocket == isWebSocket)
        let relayed = String(decoding: head.relayed(hiding: Self.token), as: UTF8.self)
        #expect(relayed.contains("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n") == isWebSocket)
        #expect(relayed.lowercased().contains("upgrade") == isWebSocket)
    }

    static let bodies: [(head: String, body: String, taken: Int?)] = [
        ("", "GET /second HTTP/1.1\r\n\r\n", 0), ("Content-Length: 3", "abcGET", 3), ("Content-Length: 9", "abc", 3),
        ("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\nGET", 13),
        ("Transfer-Encoding: chunked", "3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\nGET", 23),
        ("Transfer-Encoding: chunked", "00A\r\n0123456789\r\n00\r\n\r\nGET", 23),
        ("Transfer-Encoding: chunked", "zz\r\n", nil), ("Transfer-Encoding: chunked", "3\nabc", nil),
        ("Transfer-Encoding: chunked", "+5\r\nabcde\r\n", nil), ("Transfer-Encoding: chunked", "-1\r\n", nil),
        ("Transfer-Encoding: chunked", "0x5\r\nabcde\r\n", nil), ("Transfer-Encoding: chunked", " 5\r\nabcde\r\n", nil),
        ("Transfer-Encoding: chunked", "5 \r\nabcde\r\n", nil), ("Transfer-Encoding: chunked", "5_0\r\n", nil),
        ("Transfer-Encoding: chunked", "\r\n", nil), ("Transfer-Encoding: chunked", ";a\r\n", nil),
        ("Transfer-Encoding: chunked", "3\r\nabcde0\r\n\r\n", nil),
        ("Transfer-Encoding: chunked", "3\r\nabc\n0\r\n\r\n", nil),
        ("Transfer-Encoding: chunked", "3\rabc", nil), ("Transfer-Encoding: chunked", "3;a\nb\r\nabc\r\n", nil),
        ("Transfer-Encoding: chunked", "0\r\nA: b\n\r\n", nil), ("Transfer-Encoding: chunked", "0\r\nA b\r\n\r\n", nil),
        ("Transfer-Encoding: chunked", "0\r\n A: b\r\n\r\n", nil), ("Transfer-Encoding: chunked", "0\r\n\n", nil),
        ("Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFF\r\n", nil),
        ("Transfer-Encoding: chunked", "1;" + String(repeating: "x", count: 20000) + "\r\n", nil),
    ]

    @Test(arguments: bodies) func `what follows a request is not part of it`(
        _ head: String, _ body: String, _ taken: Int?
    ) throws {
        let parsed = try #require(
            RequestHead(("POST / HTTP/1.1\r\nHost: h" + (head.isEmpty ? "" : "\r\n" + head)).utf8))
        var whole = BodyFraming(parsed)
        #expect(whole.take(Array(body.utf8)) == taken)
        var bytewise = BodyFraming(parsed)
        var count: Int? = 0
        for byte in body.utf8 { if let so = count { count = bytewise.take([byte]).map { so + $0 } } }
        #expect(count == taken)
    }

    static let answers: [(text: String, method: String, status: Int?, taken: Int?)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP", "GET", 200, 2),
        ("HTTP/1.0 200\n\nall of it", "GET", 200, 9), ("HTTP/1.1 204 \r\nContent-Length: 2\r\n\r\nok", "GET", 204, 0),
        ("HTTP/1.1 304 Not\r\nContent-Length: 2\r\n\r\nok", "GET", 304, 0),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HEAD", 200, 0),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP", "GET", 200, 12),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc", "GET", 200, 3),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nokk", "GET", 200, 2),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk", "GET", 200, nil),
        ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nokk", "GET", 200, nil),
        ("HTTP/1.1 20 OK\r\n\r\n", "GET", nil, nil), ("HTTP/2 200 OK\r\n\r\n", "GET", nil, nil),
        ("200 OK\r\n\r\n", "GET", nil, nil), ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "GET", nil, nil),
        ("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "GET", nil, nil), ("HTTP/1.1 099 X\r\n\r\n", "GET", nil, nil),
    ]

    @Test(arguments: answers) func `an answer ends where it says`(
        _ text: String, _ method: String, _ status: Int?, _ taken: Int?
    ) throws {
        var scanner = HeadScanner(isLenient: true)
        guard case .end(let end) = scanner.scan(text.utf8) else { return #expect(status == nil) }
        let head = AnswerHead(text.utf8.prefix(end))
        #expect(head?.status == status)
        guard let head else { return }
        var framing = BodyFraming(head, toMethod: method)
        #expect(framing?.take(Array(text.utf8.dropFirst(end))) == taken)
    }

    @Test func `the end of a head is found in whatever pieces it comes`() {
        let text = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\nbody".utf8)
        for cut in 0...text.count {
            var scanner = HeadScanner(isLenient: false)
            let first = scanner.scan(text[..<cut])
            if cut >= 27 {
                #expect(first == .end(27))
            } else {
                #expect(first == .none && scanner.scan(text[cut...]) == .end(27 - cut))
            }
        }
        for broken in ["GET / HTTP/1.1\n", "GET / HTTP/1.1\rH", "A\r\r\n", "\u{16}\u{3}\u{1}", "A\u{0}"] {
            var scanner = HeadScanner(isLenient: false)
            #expect(scanner.scan(broken.utf8) == .broken)
        }
    }
}
