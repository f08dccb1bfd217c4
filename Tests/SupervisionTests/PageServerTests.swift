import HTTP
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// The page and the relay over real connections, with a real server behind.
@Suite struct PageServerTests {
    private static let token = "0123456789abcdef0123456789abcdef"

    private struct Site {
        let server: PageServer
        let relay: RelayGate
        let board = RunBoard(run: "run-1", stages: ["base"])
        let log = RunLog(hiding: [Secret](), output: nil)

        init(isPublic: Bool = false, token: String? = PageServerTests.token) throws {
            relay = RelayGate(willOpen: true, isPublic: isPublic)
            let site = LiveSite(token: token.map { Secret($0) }, board: board, log: log)
            server = try PageServer(address: "127.0.0.1", port: 0, site: site, relay: relay)
        }

        func get(_ target: String, token: String? = nil, method: String = "GET") async throws -> HTTPResponse {
            var request = HTTPRequest(
                method, HTTPURL(scheme: "http", host: "127.0.0.1", port: server.port, target: target))
            if let token { request.headers["Authorization"] = "Bearer \(token)" }
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
        #expect(front.headers["Content-Security-Policy"]?.contains("default-src 'none'") == true)
        #expect(try await site.get("/healthz", method: "DELETE").status == 405)
        #expect(try await site.get("/.caas/").body == front.body)
    }

    @Test func `the rest needs the token`() async throws {
        let site = try Site()
        site.log.say("<b>something</b> private")
        site.board.record(["step": "3", "loss": "1.5"])
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
        // Health checks know no token.
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

    @Test func `a server that is gone is 503`() async throws {
        let site = try Site(isPublic: true)
        site.relay.open(port: try #require(FreePort.find(1).first), hasRoot: true)
        #expect(try await site.get("/v1/x").status == 503)
    }

    /// Each is a function of `client.py`, whose last line is `ok`.
    @Test(arguments: [
        "events", "upgrade", "upload", "slow_reader", "slow_head", "second_request", "garbage", "half_close",
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
}
