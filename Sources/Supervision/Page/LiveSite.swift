import JSON
import RunContract
package import Secrets
import Wording

/// The HTTP resources that PID 1 itself serves.
package struct LiveSite: Sendable {
    /// A complete HTTP response.
    struct Answer: Sendable {
        var status: String
        var fields: [(String, String)]
        var body: [UInt8]

        init(_ status: String, _ type: String, _ body: [UInt8], _ fields: [(String, String)] = []) {
            self.status = status
            self.body = body
            self.fields = [
                ("Content-Type", type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ]
            self.fields += fields
        }

        /// Returns the response's bytes; the connection ends after it.
        func message(toMethod method: String?) -> [UInt8] {
            var head = "HTTP/1.1 \(status)\r\n"
            for (name, value) in fields { head += "\(name): \(value)\r\n" }
            head += "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            return Array(head.utf8) + (method == "HEAD" ? [] : body)
        }

        static func text(_ status: String, _ text: String, _ fields: [(String, String)] = []) -> Answer {
            Answer(status, "text/plain; charset=utf-8", Array((text + "\n").utf8), fields)
        }
    }

    let token: PageToken
    let runState: RunState
    let log: RunLog
    private let front: [UInt8]

    package init(token: Secret?, runState: RunState, log: RunLog) {
        self.token = PageToken(token)
        self.runState = runState
        self.log = log
        front = Array(FrontPage.html.utf8)
    }

    /// What a browser lets the page without scripts do.
    private static let plainPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// Returns the fields of the stream of events to a request, nil where it has no access to it.
    func events(_ head: RequestHead) -> [(String, String)]? {
        guard head.method == "GET", head.path == ReservedPaths.Page.events, token.isSet, token.opensPage(head) else {
            return nil
        }
        return [
            ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            // A proxy that collects an answer before it passes it on would show nothing.
            ("X-Accel-Buffering", "no"), ("Connection", "close"), token.setCookie(head),
        ]
    }

    /// Returns true for paths that never go to the model.
    static func owns(_ path: String) -> Bool {
        path == "/healthz" || path == ReservedPaths.Page.root || path.hasPrefix(ReservedPaths.Page.root + "/")
    }

    /// Returns the response to one of PID 1's own paths or to `/`.
    func answer(_ head: RequestHead) -> Answer {
        guard ["GET", "HEAD"].contains(head.method) else {
            return .text("405 Method Not Allowed", "only GET and HEAD", [("Allow", "GET, HEAD")])
        }
        switch head.path {
        case "/healthz": return .text("200 OK", "ok")
        // The page has a path of its own too: if the model is public, `/` is the model's.
        case "/", ReservedPaths.Page.root, ReservedPaths.Page.root + "/": return html(front, FrontPage.policy)
        default: break
        }
        guard token.isSet else {
            return .text("403 Forbidden", "this container was started without STATUS_TOKEN, so nothing is shown")
        }
        guard token.opensPage(head) else {
            return .text(
                "401 Unauthorized", "the token is missing or wrong; open / and enter it",
                [("WWW-Authenticate", "Bearer")])
        }
        return content(head)
    }

    private func content(_ head: RequestHead) -> Answer {
        switch head.path {
        case ReservedPaths.Page.page:
            var page = html(Array(StatusPage(runState.snapshot, tail: log.tail(200)).html.utf8), Self.plainPolicy)
            // Set here, not by the page's script: a cookie that a script can write is readable by scripts of the
            // model's pages.
            page.fields.append(token.setCookie(head))
            return page
        case ReservedPaths.Page.status:
            return Answer("200 OK", "application/json", runState.status.json.prettyEncoded())
        case ReservedPaths.Page.log:
            let count = min(2000, max(1, head.parameter("tail").flatMap { Int($0) } ?? 500))
            let lines = log.tail(count).map { "\($0.time) \($0.source): \(VisibleText.output($0.line))" }
            return .text("200 OK", lines.joined(separator: "\n"))
        case ReservedPaths.Page.metrics:
            return Answer(
                "200 OK", "text/plain; version=0.0.4; charset=utf-8",
                Array(PrometheusText.make(runState.snapshot).utf8))
        default: return .text("404 Not Found", "there is no such page")
        }
    }

    private func html(_ body: [UInt8], _ policy: String) -> Answer {
        Answer(
            "200 OK", "text/html; charset=utf-8", body,
            [("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer")])
    }
}
