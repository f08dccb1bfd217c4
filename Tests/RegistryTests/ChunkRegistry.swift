import HTTP
import OCI
import TestSupport
import Testing

/// A registry that takes blobs in parts, with the habits of the registries that people push to.
///
/// Sources: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks>,
/// <https://github.com/aws/containers-roadmap/issues/2831>, <https://github.com/oras-project/rust-oci-client/issues/37>.
final class ChunkRegistry: Sendable {
    /// What differs from the specification.
    struct Habits: Sendable, CustomTestStringConvertible {
        var name: String
        /// A whole blob breaks after so many bytes, as at a proxy with a time limit; of which this part is kept.
        var breaksAfter: Int? = nil
        var keepsBroken = false
        /// No body may be longer, in any request, and the answer is a page: a proxy.
        var longestBody: Int? = nil
        /// No part may be longer: GHCR.
        var longestPart: Int? = nil
        var leastPart: Int? = nil
        /// ECR's 201 and a Range that stands still.
        var answersCreated = false
        var freezesRange = false
        var dropsParts = false
        /// Google's Artifact Registry.
        var refusesParts = false
        var knowsStatus = true
        /// The answer to every n-th part is lost, though its bytes have arrived.
        var losesAnswer: Int? = nil
        /// A part that does not begin where the session is means an answer of 416.
        var refusesCancelling = false
        /// The first part beyond so many bytes is kept, and never answered.
        var holdsAfter: Int? = nil

        var testDescription: String { name }
    }

    private struct Content: Sendable {
        var blobs: [String: [UInt8]] = [:]
        var sessions: [Int: [UInt8]] = [:]
        var begun = 0
        var parts = 0
        var received = 0
        var hasHeld = false
    }

    let server: LoopbackServer
    private let content: Shared<Content>

    /// A registry with habits; `streams` is its answer to a body without a length, once some of it has come.
    init(_ habits: Habits, streams: ServerReply? = nil) async throws {
        let content = Shared(Content())
        self.content = content
        server = try await LoopbackServer(interrupting: { request in
            if let streams, request.headers["Transfer-Encoding"] == "chunked", request.body.count > 100_000 {
                return streams
            }
            return content.withLock { Self.interrupt(request, habits, &$0) }
        }) { request in
            content.withLock { Self.answer(request, habits, &$0) }
        }
    }

    var host: String { server.host }
    var blobs: [String: [UInt8]] { content.withLock { $0.blobs } }
    var received: Int { content.withLock { $0.received } }
    var hasHeld: Bool { content.withLock { $0.hasHeld } }
    func count(_ method: String) -> Int {
        server.requests.filter { $0.method == method && $0.target.contains("upload") }.count
    }

    private static func interrupt(
        _ request: ReceivedRequest, _ habits: Habits, _ content: inout Content
    ) -> ServerReply? {
        guard request.target.hasPrefix("/upload/") else { return nil }
        if let longest = habits.longestBody, request.body.count > longest {
            return .answer(413, ["Content-Type": "text/html"], text: "<h1>413 Request Entity Too Large</h1>")
        }
        guard request.method == "PUT", let limit = habits.breaksAfter, request.body.count > limit else { return nil }
        if habits.keepsBroken, let number = session(of: request) { content.sessions[number] = request.body }
        content.received += request.body.count
        return .close
    }

    private static func session(of request: ReceivedRequest) -> Int? {
        request.path.split(separator: "/").last.flatMap { Int($0) }
    }

    private static func answer(_ request: ReceivedRequest, _ habits: Habits, _ content: inout Content) -> ServerReply {
        let parts = request.path.split(separator: "/").map(String.init)
        if request.target.hasPrefix("/upload/") { return upload(request, habits, &content) }
        switch (request.method, parts.dropLast().last ?? "") {
        case ("GET", "") where request.path == "/v2/": return .answer(200)
        case ("HEAD", "blobs"):
            guard let blob = content.blobs[parts[parts.count - 1]] else { return .answer(404) }
            return .answer(200, ["Content-Length": "\(blob.count)"])
        case ("POST", "blobs"):
            content.begun += 1
            content.sessions[content.begun] = []
            var headers: HTTPHeaders = ["Location": location(content.begun, 0)]
            if let least = habits.leastPart { headers["OCI-Chunk-Min-Length"] = "\(least)" }
            return .answer(202, headers)
        case ("PUT", "manifests"): return .answer(201)
        default: return .answer(405, text: request.line)
        }
    }

    /// The state changes with each part: who goes on with an old one loses.
    private static func location(_ session: Int, _ offset: Int) -> String { "/upload/\(session)?_state=\(offset)" }

    private static func upload(_ request: ReceivedRequest, _ habits: Habits, _ content: inout Content) -> ServerReply {
        guard let number = session(of: request), let bytes = content.sessions[number] else { return .answer(404) }
        func end(_ count: Int) -> String { "0-\(max(0, count - 1))" }
        switch request.method {
        case "GET":
            guard habits.knowsStatus else { return .answer(404) }
            return .answer(204, ["Range": end(bytes.count), "Location": location(number, bytes.count)])
        case "DELETE":
            guard !habits.refusesCancelling else { return .answer(405) }
            content.sessions[number] = nil
            return .answer(204)
        case "PATCH":
            if habits.refusesParts { return .answer(405, text: #"{"errors":[{"code":"UNSUPPORTED"}]}"#) }
            guard request.headers["Content-Range"] == "\(bytes.count)-\(bytes.count + request.body.count - 1)",
                request.target.hasSuffix("_state=\(bytes.count)"), request.body.count <= habits.longestPart ?? .max
            else { return .answer(416, ["Range": end(bytes.count)]) }
            content.parts += 1
            content.received += request.body.count
            let isFirst = bytes.isEmpty
            if !habits.dropsParts || isFirst { content.sessions[number] = bytes + request.body }
            if let limit = habits.holdsAfter, bytes.count <= limit, bytes.count + request.body.count > limit,
                !content.hasHeld
            {
                content.hasHeld = true
                return .silence
            }
            if let every = habits.losesAnswer, content.parts % every == 0 { return .close }
            let now = content.sessions[number]?.count ?? 0
            let shown = habits.freezesRange && !isFirst ? bytes.count : now
            return .answer(
                habits.answersCreated ? 201 : 202, ["Location": location(number, now), "Range": end(shown)])
        case "PUT":
            guard let digest = request.target.components(after: "&digest=") else { return .answer(400) }
            content.received += request.body.count
            let whole = bytes + request.body
            guard Digest(of: whole).description == digest else {
                return .answer(400, text: #"{"errors":[{"code":"DIGEST_INVALID"}]}"#)
            }
            content.blobs[digest] = whole
            content.sessions[number] = nil
            return .answer(201)
        default: return .answer(405)
        }
    }
}

extension String {
    fileprivate func components(after separator: String) -> String? {
        firstRange(of: separator).map { String(self[$0.upperBound...]) }
    }
}
