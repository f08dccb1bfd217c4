import HTTP
import JSON
import OCI
import TestSupport

/// A registry in memory that follows the distribution specification to the letter, with configurable faults before it.
///
/// It rejects everything that the specification allows it to reject, so that a client that it accepts is accepted
/// anywhere.
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.
final class StrictRegistry: Sendable {
    /// The state of the registry.
    struct Content: Sendable {
        var repositories: [String: Repository] = [:]
        var sessions: [String: Session] = [:]
        var begun = 0
        /// The bytes of blobs received, including those of requests that broke off.
        var received = 0
    }

    /// The content of one repository.
    struct Repository: Sendable {
        var blobs: [String: [UInt8]] = [:]
        var manifests: [String: Manifest] = [:]
        var tags: [String: String] = [:]
    }

    /// A manifest as received.
    struct Manifest: Sendable {
        var type: String
        var bytes: [UInt8]
        var json: JSONValue
    }

    /// An open upload session.
    struct Session: Sendable {
        var repository: String
        var bytes: [UInt8] = []
    }

    let server: LoopbackServer
    private let content = Shared(Content())

    /// Creates a registry with these habits; the first habit that answers a request in the registry's place is used.
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

    /// Returns the specification's response to a request that arrived at another server.
    func answer(_ request: ReceivedRequest) -> ServerReply { Self.answer(request, content) }

    private static func answer(_ request: ReceivedRequest, _ content: Shared<Content>) -> ServerReply {
        content.withLock { content in
            if isUpload(request) { content.received += request.body.count }
            var answering = Answering(request: request, content: content)
            // A second owner of the bytes would make every change copy all of them.
            content = Content()
            let reply = answering.reply()
            content = answering.content
            return reply
        }
    }

    /// Creates a registry with one habit.
    ///
    /// `interrupt` examines requests while their bodies arrive, and `fault` when they are complete.
    convenience init(
        interrupt: @escaping LoopbackServer.Interrupter = { _ in nil },
        fault: @escaping @Sendable (ReceivedRequest) -> ServerReply?
    ) async throws {
        try await self.init([Habit(interrupt: interrupt, before: fault)])
    }

    var host: String { server.host }
    /// The bytes of blobs received, including repetitions.
    var received: Int { content.withLock { $0.received } }
    func repository(_ name: String) -> Repository { content.withLock { $0.repositories[name] ?? Repository() } }
    /// The upload sessions that are neither closed nor cancelled.
    var sessions: Set<String> { content.withLock { Set($0.sessions.keys) } }
    /// All blobs by digest.
    var blobs: [String: [UInt8]] {
        content.withLock { $0.repositories.values.reduce(into: [:]) { $0.merge($1.blobs) { first, _ in first } } }
    }
    /// All manifests, by digest and by each tag.
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

/// A deviation of a registry, or of a proxy before it, from the specification.
struct Habit: Sendable {
    /// Examines a request while its body arrives; a returned reply ends the request.
    var interrupt: @Sendable (ReceivedRequest) -> ServerReply? = { _ in nil }
    /// True if the session keeps the bytes of an interrupted body.
    var keepsInterrupted = false
    /// Answers in the registry's place.
    var before: @Sendable (ReceivedRequest) -> ServerReply? = { _ in nil }
    /// Changes the registry's response.
    var after: @Sendable (ReceivedRequest, ServerReply) -> ServerReply = { $1 }
}

extension ServerReply {
    /// Returns the response with changed fields; replies that are not responses stay as they are.
    func with(_ change: (Int, inout HTTP.HTTPHeaders) -> Void) -> ServerReply {
        guard case .answer(let status, var headers, let body) = self else { return self }
        change(status, &headers)
        return .answer(status, headers, body: body)
    }

    /// Returns an error response as the specification defines it.
    static func refusal(_ status: Int, _ code: String) -> ServerReply {
        .answer(
            status, ["Content-Type": "application/json"],
            text: #"{"errors":[{"code":"\#(code)","message":"\#(code.lowercased())","detail":{"any":["thing"]}}]}"#)
    }
}
