import POSIX
import TestSupport
import Testing

@testable import Supervision

/// Random heads, bodies and responses from a fixed seed; runs for CAASCTL_FUZZ_SECONDS, by default one second.
@Suite struct HeadFuzzTests {
    private static let seconds = ProcessEnvironment.value("CAASCTL_FUZZ_SECONDS").flatMap { Int($0) }

    private static let corpus: [String] = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "POST /x?a=b HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: v\r\n\r\nGET / HTTP/1.1",
        "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\nCookie: a=b; caas_token=c\r\nAuthorization: Bearer x\r\nConnection: close, cookie\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 100 C\r\n\r\nHTTP/1.0 101 X\nUpgrade: websocket\n\n",
    ]

    private static let pieces: [String] = [
        "\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "\r\n ", "\u{0}", "\u{e4}", "Host: h\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n", "Connection: host\r\n", "chunked", "+5", "0x5", "-1", "0\r\n\r\n", "HTTP/1.1",
        "HTTP/1.0",
        "Upgrade: h2c\r\n", "#", "*", "//", "http://h/", "99999999999999999999",
    ]

    private static func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(corpus[Int.random(in: 0..<corpus.count, using: &random)].utf8)
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 1: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random) }
            case 2:
                if place < bytes.count {
                    bytes.removeSubrange(place..<min(bytes.count, place + 1 + Int(random.next() % 8)))
                }
            case 3:
                let other = Array(corpus[Int.random(in: 0..<corpus.count, using: &random)].utf8)
                bytes.insert(contentsOf: other.suffix(Int.random(in: 0...other.count, using: &random)), at: place)
            default: bytes.insert(contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &random)].utf8, at: place)
            }
        }
        return bytes
    }

    /// Checks the invariants of every input; returns the bytes of an accepted request.
    private static func check(_ bytes: [UInt8], cut: Int) -> [UInt8]? {
        var whole = HeadScanner(isLenient: false)
        var parts = HeadScanner(isLenient: false)
        let finding = whole.scan(bytes)
        let first = parts.scan(bytes[..<cut])
        switch (first, finding) {
        case (.none, .end(let end)): #expect(parts.scan(bytes[cut...]) == .end(end - cut))
        case (.none, _): #expect(parts.scan(bytes[cut...]) == finding)
        default: #expect(first == finding)
        }
        checkAnswer(bytes)
        guard case .end(let end) = finding, let head = RequestHead(bytes[..<end].dropLast(4)) else { return nil }
        // The relayed head parses to the same request and allows no further request on its connection.
        let relayed = head.relayed(hiding: PageToken(nil))
        let again = RequestHead(relayed.dropLast(4))
        #expect(relayed.suffix(4) == [13, 10, 13, 10] && again != nil)
        #expect(again?.target == head.target && again?.values("Host") == head.values("Host"))
        #expect(again?.fields.named("Content-Length") == head.fields.named("Content-Length"))
        #expect(again?.fields.named("Transfer-Encoding") == head.fields.named("Transfer-Encoding"))
        #expect(again?.values("Connection") == [head.wantsWebSocket ? "Upgrade" : "close"])
        var body = BodyFraming(head)
        let taken = body.take(bytes[end...])
        var bytewise = BodyFraming(head)
        var count: Int? = 0
        for byte in bytes[end...] { if let so = count { count = bytewise.take([byte]).map { so + $0 } } }
        #expect(count == taken && (taken ?? 0) <= bytes.count - end)
        return taken == nil ? nil : bytes
    }

    private static func checkAnswer(_ bytes: [UInt8]) {
        var scanner = HeadScanner(isLenient: true)
        guard case .end(let end) = scanner.scan(bytes), let head = AnswerHead(bytes[..<end]) else { return }
        let again = AnswerHead(head.relayed)
        #expect(again?.status == head.status && again?.reason == head.reason)
        guard var framing = BodyFraming(head, toMethod: "GET") else { return }
        let taken = framing.take(bytes[end...])
        var relayed = again.flatMap { BodyFraming($0, toMethod: "GET") }
        #expect(relayed?.take(bytes[end...]) == taken)
    }

    @Test func `nothing that comes breaks what reads it, and it means the same to others`() async throws {
        var random = SeededGenerator(seed: 20_261_128)
        let end = ContinuousClock.now + .seconds(Self.seconds ?? 1)
        var taken: [[UInt8]] = []
        var count = 0
        repeat {
            for _ in 0..<200 {
                let bytes = Self.mutated(&random)
                let cut = Int.random(in: 0...bytes.count, using: &random)
                if let request = Self.check(bytes, cut: cut), taken.count < 20000 { taken.append(request) }
                count += 1
            }
        } while ContinuousClock.now < end
        #expect(!taken.isEmpty)
        try await Self.judge(taken)
        if Self.seconds != nil { print("\(count) inputs, \(taken.count) of them judged by Python") }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Checks that Python's http.server and a parser of RFC 9112's grammar read each request in the same way.
    private static func judge(_ requests: [[UInt8]]) async throws {
        var text = ""
        for bytes in requests {
            var scanner = HeadScanner(isLenient: false)
            guard case .end(let end) = scanner.scan(bytes), let head = RequestHead(bytes[..<end].dropLast(4)) else {
                continue
            }
            var framing = BodyFraming(head)
            let taken = framing.take(bytes[end...]) ?? -1
            let fields = head.fields.map { "\($0.name.lowercased())=\(hexadecimal($0.bytes))" }.joined(separator: ",")
            text += "\(hexadecimal(bytes))|\(head.method)|\(head.target)|\(end)|\(taken)|\(framing.isOver)|\(fields)\n"
        }
        let outcome = try await Command(Checkout.python, ["-c", judgeInPython]).run(input: text)
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    }

    private static let judgeInPython = """
        import http.server, io, re, sys
        token = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
        # https://www.rfc-editor.org/rfc/rfc9112#appendix-A
        line = re.compile(rb"(" + token + rb") (/[!-~]*|[*]) HTTP/1[.][01]\\r\\n")
        field = re.compile(rb"(" + token + rb"):[ \\t]*((?:[!-~\\x80-\\xff](?:[ \\t!-~\\x80-\\xff]*[!-~\\x80-\\xff])?)?)[ \\t]*\\r\\n")
        chunk = re.compile(rb"([0-9A-Fa-f]+)(?:;[\\t -~\\x80-\\xff]*)?\\r\\n")
        def body(fields, rest):
            if any(name == "transfer-encoding" for name, _ in fields):
                at = 0
                while True:
                    size = chunk.match(rest, at)
                    if not size: return at, False
                    length, at = int(size[1], 16), size.end()
                    if length == 0: break
                    if len(rest) < at + length + 2: return len(rest), False
                    assert rest[at + length:at + length + 2] == b"\\r\\n"
                    at += length + 2
                while True:
                    if rest[at:at + 2] == b"\\r\\n": return at + 2, True
                    trailer = field.match(rest, at)
                    if not trailer: return len(rest), False
                    at = trailer.end()
            for name, value in fields:
                if name == "content-length": return min(int(value), len(rest)), int(value) <= len(rest)
            return 0, True
        class Reader(http.server.BaseHTTPRequestHandler):
            def __init__(self, data): self.rfile, self.wfile, self.client_address = io.BytesIO(data), io.BytesIO(), ("", 0)
            def log_message(self, *arguments): pass
        for text in sys.stdin:
            data, method, target, end, taken, over, expected = text.rstrip("\\n").split("|", 6) if text.count("|") == 6 else (None,) * 7
            if data is None: continue
            data, end, taken = bytes.fromhex(data), int(end), int(taken)
            first = line.match(data)
            assert first and (first[1].decode(), first[2].decode()) == (method, target), data
            at, fields = first.end(), []
            while data[at:at + 2] != b"\\r\\n":
                one = field.match(data, at)
                assert one, data
                fields.append((one[1].decode().lower(), one[2]))
                at = one.end()
            assert at + 2 == end, data
            assert ",".join(f"{name}={value.hex()}" for name, value in fields) == expected, data
            count, whole = body(fields, data[end:])
            assert (taken, over) == (count, "true" if whole else "false") or (over == "false" and not whole), (data, taken, over, count, whole)
            reader = Reader(data)
            reader.raw_requestline = reader.rfile.readline()
            assert reader.parse_request(), data
            # Two slashes at the beginning are one to it.
            assert reader.command == method and reader.path.lstrip("/") == target.lstrip("/"), data
            theirs = [(name.lower(), value.encode("latin-1").strip(b" \\t")) for name, value in reader.headers.items()]
            assert theirs == fields, (data, theirs)
        """
}
