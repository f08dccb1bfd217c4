import HTTP
import JSON
import OCI
import TestSupport

/// A registry in memory that keeps to the letter of the distribution specification, and what may go wrong before it.
///
/// It refuses what the specification lets it refuse, so that a client which it accepts is accepted anywhere.
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.
final class StrictRegistry: Sendable {
    /// What the registry has.
    struct Content: Sendable {
        var repositories: [String: Repository] = [:]
        var sessions: [String: Session] = [:]
        var begun = 0
        /// Bytes of blobs that came, also those of requests that broke.
        var received = 0
    }

    /// One repository's share.
    struct Repository: Sendable {
        var blobs: [String: [UInt8]] = [:]
        var manifests: [String: Manifest] = [:]
        var tags: [String: String] = [:]
    }

    /// A manifest as it came.
    struct Manifest: Sendable {
        var type: String
        var bytes: [UInt8]
        var json: JSONValue
    }

    /// An upload that is under way.
    struct Session: Sendable {
        var repository: String
        var bytes: [UInt8] = []
    }

    let server: LoopbackServer
    private let content = Shared(Content())

    /// A registry with these habits; the first that answers a request instead of it wins.
    init(_ habits: [Habit] = []) async throws {
        let content = content
        server = try await LoopbackServer(interrupting: { request in
            for habit in habits {
                guard let reply = habit.interrupt(request) else { continue }
                guard Self.isUpload(request) else { return reply }
                content.withLock { content in
                    content.received += request.body.count
                    let session = request.path.split(separator: "/").last.map(String.init) ?? ""
                    if habit.keepsInterrupted { content.sessions[session]?.bytes += request.body }
                }
                return reply
            }
            return nil
        }) { request in
            for habit in habits {
                if let reply = habit.before(request) {
                    if Self.isUpload(request) { content.withLock { $0.received += request.body.count } }
                    return reply
                }
            }
            var reply = Self.answer(request, content)
            for habit in habits { reply = habit.after(request, reply) }
            return reply
        }
    }

    /// The answer of the specification, for a request that came by another way.
    func answer(_ request: ReceivedRequest) -> ServerReply { Self.answer(request, content) }

    private static func answer(_ request: ReceivedRequest, _ content: Shared<Content>) -> ServerReply {
        content.withLock { content in
            if isUpload(request) { content.received += request.body.count }
            var answering = Answering(request: request, content: content)
            // Two owners of the bytes would mean a copy of them all at every change.
            content = Content()
            let reply = answering.reply()
            content = answering.content
            return reply
        }
    }

    /// A registry before which these look at requests, while their bodies come and when they have.
    convenience init(
        interrupt: @escaping LoopbackServer.Interrupter = { _ in nil },
        fault: @escaping @Sendable (ReceivedRequest) -> ServerReply?
    ) async throws {
        try await self.init([Habit(interrupt: interrupt, before: fault)])
    }

    var host: String { server.host }
    /// Bytes of blobs that came, however often.
    var received: Int { content.withLock { $0.received } }
    func repository(_ name: String) -> Repository { content.withLock { $0.repositories[name] ?? Repository() } }
    /// The uploads that were begun and neither closed nor cancelled.
    var sessions: Set<String> { content.withLock { Set($0.sessions.keys) } }
    /// Every blob by its digest.
    var blobs: [String: [UInt8]] {
        content.withLock { $0.repositories.values.reduce(into: [:]) { $0.merge($1.blobs) { first, _ in first } } }
    }
    /// Every manifest by its digest and its tags.
    var manifests: [String: [UInt8]] {
        content.withLock { content in
            var all: [String: [UInt8]] = [:]
            for repository in content.repositories.values {
                for (digest, manifest) in repository.manifests { all[digest] = manifest.bytes }
                for (tag, digest) in repository.tags { all[tag] = all[digest] }
            }
            return all
        }
    }
    func change(_ change: @Sendable (inout Content) -> Void) { content.withLock { change(&$0) } }

    func count(_ method: String, _ fragment: String) -> Int {
        server.requests.filter { $0.method == method && $0.target.contains(fragment) }.count
    }

    static func isUpload(_ request: ReceivedRequest) -> Bool {
        ["POST", "PATCH", "PUT"].contains(request.method) && request.path.contains("/blobs/uploads/")
    }
}

/// Something that a registry, or what stands before it, does otherwise than the specification says.
struct Habit: Sendable {
    /// Looks at a request while its body comes, and ends it with what it returns.
    var interrupt: @Sendable (ReceivedRequest) -> ServerReply? = { _ in nil }
    /// True where what had come of an interrupted body counts.
    var keepsInterrupted = false
    /// Answers instead of the registry.
    var before: @Sendable (ReceivedRequest) -> ServerReply? = { _ in nil }
    /// Changes the registry's answer.
    var after: @Sendable (ReceivedRequest, ServerReply) -> ServerReply = { $1 }
}

extension ServerReply {
    /// The same answer with other fields; what is no answer stays as it is.
    func with(_ change: (Int, inout HTTP.HTTPHeaders) -> Void) -> ServerReply {
        guard case .answer(let status, var headers, let body) = self else { return self }
        change(status, &headers)
        return .answer(status, headers, body: body)
    }

    /// An error of the specification.
    static func refusal(_ status: Int, _ code: String) -> ServerReply {
        .answer(
            status, ["Content-Type": "application/json"],
            text: #"{"errors":[{"code":"\#(code)","message":"\#(code.lowercased())","detail":{"any":["thing"]}}]}"#)
    }
}
