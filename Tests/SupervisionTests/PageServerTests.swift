import HTTP
import Hashing
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// Tests the page and the relay over real connections, with a real model server behind.
@Suite struct PageServerTests {
    private static let token = "0123456789abcdef0123456789abcdef"

    private struct Site {
        let server: PageServer
        let relay: RelayGate
        let runState = RunState(run: "run-1", stages: ["base"])
        let log = RunLog(hiding: [Secret](), output: nil)

        init(isPublic: Bool = false, token: String? = PageServerTests.token, descriptors: Int = 1024) throws {
            relay = RelayGate(willOpen: true, isPublic: isPublic)
            let site = LiveSite(token: token.map { Secret($0) }, runState: runState, log: log)
            server = try PageServer(
                address: "127.0.0.1", port: 0, site: site, relay: relay,
                limits: ConnectionLimits(descriptors: descriptors))
        }

        func get(
            _ target: String, token: String? = nil, method: String = "GET", fields: [String: String] = [:]
        ) async throws -> HTTPResponse {
            var request = HTTPRequest(
                method, HTTPURL(scheme: "http", host: "127.0.0.1", port: server.port, target: target))
            if let token { request.headers["Authorization"] = "Bearer \(token)" }
            for (name, value) in fields { request.headers[name] = value }
            request.followsRedirects = false
            return try await HTTPClient().send(request)
        }
    }

    @Test func `health and the front page are for anybody and tell nothing`() async throws {
        let site = try Site()
        site.log.say("something private")
        #expect(try await site.get("/healthz").status == 200)
        let front = try await site.get("/")
        let text = String(decoding: front.body, as: UTF8.self)
        #expect(front.status == 200 && text.contains("Token"))
        #expect(!text.contains("run-1") && !text.contains("private"))
        let policy = try #require(front.headers["Content-Security-Policy"])
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
        // The browser runs what is in the page only where the hashes are right.
        for (tag, name) in [("script", "script-src"), ("style", "style-src")] {
            let content = try #require(text.firstRange(of: "<\(tag)>")).upperBound
            let end = try #require(text.firstRange(of: "</\(tag)>")).lowerBound
            let hash = SHA256.hash(Array(text[content..<end].utf8)).base64
            #expect(policy.contains("\(name) 'sha256-\(hash)'"))
        }
        #expect(try await site.get("/healthz", method: "DELETE").status == 405)
        #expect(try await site.get("/.caas/").body == front.body)
    }

    @Test func `the rest needs the token`() async throws {
        let site = try Site()
        site.log.say("<b>something</b> private")
        site.runState.record(["step": "3", "loss": "1.5"])
        for path in ["/.caas/page", "/.caas/status.json", "/.caas/log", "/.caas/metrics"] {
            #expect(try await site.get(path).status == 401)
            #expect(try await site.get(path, token: String(Self.token.dropLast())).status == 401)
            #expect(try await site.get(path + "?token=" + Self.token).status == 401)
            #expect(try await site.get(path, token: Self.token).status == 200)
        }
        let page = String(decoding: try await site.get("/.caas/page", token: Self.token).body, as: UTF8.self)
        #expect(page.contains("&lt;b&gt;something&lt;/b&gt; private") && page.contains("<b>1.5</b>"))
        #expect(try await site.get("/.caas/nothing", token: Self.token).status == 404)
        let metrics = String(decoding: try await site.get("/.caas/metrics", token: Self.token).body, as: UTF8.self)
        #expect(metrics.contains("caas_step 3\n") && metrics.contains("caas_metric{name=\"loss\"} 1.5\n"))
        let closed = try Site(token: nil)
        #expect(try await closed.get("/.caas/page", token: "").status == 403)
    }

    /// Opens many streams of events, and prints how many had the state, were refused, and had a line.
    private static let viewers = """
        import selectors, socket, sys
        port, token, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
        selector, heard = selectors.DefaultSelector(), {}
        for _ in range(count):
            link = socket.create_connection(("127.0.0.1", port))
            link.sendall(f"GET /.caas/events HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Bearer {token}\\r\\n\\r\\n".encode())
            selector.register(link, selectors.EVENT_READ)
            heard[link] = b""
        while True:
            for key, _ in selector.select():
                piece = key.fileobj.recv(65536)
                heard[key.fileobj] += piece
                if not piece: selector.unregister(key.fileobj)
            def with_text(text): return sum(text in all for all in heard.values())
            counts = [with_text(text) for text in (b"event: state", b"503 Service", b"a line after the state")]
            print("states %d refused %d lines %d" % tuple(counts), flush=True)
            if counts[2] == count: print(next(iter(heard.values())).decode(), flush=True)
        """

    @Test func `a viewer gets the state, and then what changes, as long as it wants`() async throws {
        let site = try Site()
        let folder = try TemporaryFolder()
        for token in [nil, "wrong"] { #expect(try await site.get("/.caas/events", token: token).status == 401) }
        #expect(try await site.get("/.caas/events", token: Self.token, method: "POST").status == 405)
        func open(_ count: Int) throws -> RunningProgram {
            try RunningProgram(
                Checkout.python, ["-c", Self.viewers, "\(site.server.port)", Self.token, "\(count)"],
                log: folder("\(count)"))
        }
        let viewers = try open(100)
        _ = try await eventually { viewers.printed.contains("states 100 refused 0 lines 0") ? true : nil }
        #expect(site.runState.isWatched)
        site.log.say("a line after the state")
        site.runState.record(["step": "3", "loss": "1.5"])
        _ = try await eventually { viewers.printed.contains("event: tick\ndata: {") ? true : nil }
        let printed = viewers.printed
        #expect(printed.contains("states 100 refused 0 lines 100"))
        #expect(printed.contains("HTTP/1.1 200 OK") && printed.contains("Content-Type: text/event-stream"))
        #expect(printed.contains("Set-Cookie: caas_token=") && printed.contains("X-Accel-Buffering: no"))
        // No more than half of the connections are viewers.
        let more = try open(40)
        _ = try await eventually { more.printed.contains("states 28 refused 12") ? true : nil }
        for program in [viewers, more] { program.signal(9) }
        _ = try await eventually { site.runState.isWatched ? nil : true }
    }

    @Test func `before the model is ready it is 503, and then what the model says`() async throws {
        let site = try Site()
        let early = try await site.get("/v1/x", token: Self.token)
        #expect(early.status == 503 && early.headers["Retry-After"] != nil)
        let upstream = try await Upstream()
        site.relay.open(port: upstream.port, hasRoot: true)
        #expect(try await site.get("/v1/x").status == 401)
        let answer = try await site.get("/v1/x?a=b", token: Self.token)
        #expect(String(decoding: answer.body, as: UTF8.self) == "GET /v1/x?a=b no-token")
        #expect(try await site.get("/missing", token: Self.token).status == 404)
        // Health checks do not have the token.
        #expect(String(decoding: try await site.get("/").body, as: UTF8.self).contains("Token"))
        #expect(String(decoding: try await site.get("/", token: Self.token).body, as: UTF8.self).hasPrefix("GET / "))
        #expect(try await site.get("/.caas/log", token: Self.token).status == 200)
        site.relay.wait(retryAfter: 5)
        #expect(try await site.get("/v1/x", token: Self.token).headers["Retry-After"] == "5")
    }

    @Test func `a public model needs no token, and '/' stays good for a health check`() async throws {
        let site = try Site(isPublic: true)
        let upstream = try await Upstream()
        site.relay.open(port: upstream.port, hasRoot: false)
        #expect(String(decoding: try await site.get("/v1/x").body, as: UTF8.self).hasPrefix("GET /v1/x"))
        #expect(String(decoding: try await site.get("/").body, as: UTF8.self).contains("Token"))
        site.relay.open(port: upstream.port, hasRoot: true)
        #expect(String(decoding: try await site.get("/").body, as: UTF8.self).hasPrefix("GET / "))
    }

    @Test func `the cookie is a browser's alone, and opens the model but not the page`() async throws {
        let site = try Site()
        let upstream = try await Upstream()
        site.relay.open(port: upstream.port, hasRoot: true)
        #expect(try await site.get("/.caas/page").headers["Set-Cookie"] == nil)
        #expect(try await site.get("/.caas/log", token: Self.token).headers["Set-Cookie"] == nil)
        let cookie = try #require(try await site.get("/.caas/page", token: Self.token).headers["Set-Cookie"])
        let parts = cookie.split(separator: ";").map { String($0.drop { $0 == " " }) }
        #expect(Set(parts.dropFirst()) == ["Path=/", "HttpOnly", "SameSite=Strict"])
        let secure = try await site.get("/.caas/page", token: Self.token, fields: ["X-Forwarded-Proto": "https"])
        #expect(secure.headers["Set-Cookie"] == cookie + "; Secure")
        #expect(!cookie.contains(Self.token))
        let pair = try #require(parts.first)
        for path in ["/.caas/page", "/.caas/log", "/.caas/status.json", "/.caas/metrics"] {
            #expect(try await site.get(path, fields: ["Cookie": pair]).status == 401)
        }
        #expect(try await site.get("/v1/x", fields: ["Cookie": pair]).status == 200)
        #expect(try await site.get("/v1/x", fields: ["Cookie": "caas_token=\(Self.token)"]).status == 401)
        #expect(try await site.get("/v1/x", fields: ["Cookie": "a=b; \(pair.dropLast())"]).status == 401)
        let foreign = ["Cookie": pair, "Sec-Fetch-Site": "same-site"]
        #expect(try await site.get("/v1/x", fields: foreign).status == 401)
        let seen = try await site.get("/fields", fields: ["Cookie": "a=b; \(pair); c=d"]).body
        #expect(String(decoding: seen, as: UTF8.self).contains("Cookie: a=b; c=d\n"))
        let withToken = try await site.get("/fields", token: Self.token).body
        #expect(!String(decoding: withToken, as: UTF8.self).contains(Self.token))
        #expect(!FrontPage.script.contains("cookie"))
    }

    @Test func `a browser may ask whether it may ask, and nobody else gets in with that`() async throws {
        let site = try Site()
        let asks = ["Origin": "https://else", "Access-Control-Request-Method": "POST"]
        #expect(try await site.get("/v1/x", method: "OPTIONS", fields: asks).status == 401)
        let upstream = try await Upstream()
        site.relay.open(port: upstream.port, hasRoot: true)
        let answer = try await site.get("/v1/x", method: "OPTIONS", fields: asks)
        #expect(answer.status == 204 && answer.headers["Access-Control-Allow-Origin"] == "*")
        #expect(try await site.get("/v1/x", method: "OPTIONS", fields: ["Origin": "https://else"]).status == 401)
        #expect(try await site.get("/v1/x", method: "GET", fields: asks).status == 401)
        #expect(try await site.get("/.caas/page", method: "OPTIONS", fields: asks).status == 405)
    }

    /// Each argument is a function of ``Upstream/crowd``, whose last line of output is `ok`.
    @Test(arguments: ["idle", "halves", "slow_readers", "relayed"])
    func `a crowd does not keep out whoever comes next`(_ scenario: String) async throws {
        let site = try Site(isPublic: true, descriptors: 192 + 3 * 20)
        let upstream = try await Upstream()
        site.relay.open(port: upstream.port, hasRoot: true)
        let outcome = try await Command(
            Checkout.python, ["-c", Upstream.crowd, scenario, "\(site.server.port)"]
        ).run()
        #expect(outcome.output.hasSuffix("ok\n"), "\(outcome.output) \(outcome.errors)")
    }

    @Test(arguments: [(0, 8), (256, 21), (1024, 256), (1 << 20, 256)])
    func `the run keeps descriptors for itself whatever the limit is`(_ descriptors: Int, _ each: Int) {
        let limits = ConnectionLimits(descriptors: descriptors)
        #expect(limits.pages == each && limits.relays == each)
    }

    @Test func `a server that is gone is 503`() async throws {
        let site = try Site(isPublic: true)
        site.relay.open(port: try #require(FreePort.find(1).first), hasRoot: true)
        #expect(try await site.get("/v1/x").status == 503)
    }

    /// Each argument is a function of ``Upstream/client``, whose last line of output is `ok`.
    @Test(arguments: [
        "events", "upgrade", "refused_upgrade", "upload", "slow_reader", "slow_head", "second_request", "garbage",
        "half_close", "answers", "fields", "bad_chunks", "expect",
    ])
    func `the relay passes what it should and nothing else`(_ scenario: String) async throws {
        let site = try Site(isPublic: true)
        let upstream = try await Upstream()
        site.relay.open(port: upstream.port, hasRoot: true)
        let outcome = try await Command(
            Checkout.python, ["-c", Upstream.client, scenario, "\(site.server.port)"]
        ).run()
        #expect(outcome.output.hasSuffix("ok\n"), "\(outcome.output) \(outcome.errors)")
    }

    @Test func `a relayed connection on which nothing moves ends after ten minutes, a WebSocket after an hour`()
        async throws
    {
        let site = try Site(isPublic: true)
        let upstream = try await Upstream()
        site.relay.open(port: upstream.port, hasRoot: true)
        let folder = try TemporaryFolder()
        let client = try RunningProgram(
            Checkout.python, ["-c", Upstream.client, "idle", "\(site.server.port)"], log: folder("log"))
        func say(_ text: String) async throws {
            _ = try await eventually { client.printed.contains(text) || client.status != nil ? true : nil }
        }
        try await say("both are open")
        // The request in between takes a turn of the event loop, in which it would have closed overdue connections.
        try await site.server.sweep(minutesAhead: 9)
        _ = try await site.get("/healthz")
        #expect(client.printed == "both are open\n")
        try await site.server.sweep(minutesAhead: 10)
        try await say("the relay is closed")
        // A child process started now must not inherit a connection and hold it open.
        let other = try RunningProgram("sleep", ["3600"], log: folder("other"))
        try await site.server.sweep(minutesAhead: 59)
        _ = try await site.get("/healthz")
        #expect(client.printed == "both are open\nthe relay is closed\n")
        try await site.server.sweep(minutesAhead: 60)
        _ = try await eventually { client.status }
        #expect(client.printed.hasSuffix("the tunnel is closed\nok\n"))
        #expect(other.status == nil)
    }
}
