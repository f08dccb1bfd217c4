import HTTP
import OCI
import Synchronization
import TestSupport

/// A registry in memory, after the distribution specification, that a test can make misbehave.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.
final class RegistryDouble: Sendable {
    struct Content: Sendable {
        var blobs: [String: [UInt8]] = [:]
        var manifests: [String: [UInt8]] = [:]
        var sessions = 0
    }

    let server: LoopbackServer
    private let content: Shared<Content>

    /// Answers of `fault` come before the good ones; `interrupt` looks at requests while their bodies come.
    init(
        interrupt: @escaping LoopbackServer.Interrupter = { _ in nil },
        fault: @escaping @Sendable (ReceivedRequest) -> ServerReply? = { _ in nil }
    ) async throws {
        let content = Shared(Content())
        self.content = content
        server = try await LoopbackServer(interrupting: interrupt) { request in
            fault(request) ?? content.withLock { Self.answer(request, &$0) }
        }
    }

    var host: String { server.host }
    var blobs: [String: [UInt8]] { content.withLock { $0.blobs } }
    var manifests: [String: [UInt8]] { content.withLock { $0.manifests } }
    func count(_ method: String, _ fragment: String) -> Int {
        server.requests.filter { $0.method == method && $0.target.contains(fragment) }.count
    }

    private static func answer(_ request: ReceivedRequest, _ content: inout Content) -> ServerReply {
        let parts = request.path.split(separator: "/").map(String.init)
        switch (request.method, parts.dropLast().last ?? "") {
        case ("GET", "") where request.path == "/v2/": return .answer(200)
        case ("HEAD", "blobs"), ("GET", "blobs"):
            guard let blob = content.blobs[parts[parts.count - 1]] else { return .answer(404) }
            return download(blob, request)
        case ("POST", "blobs"):
            content.sessions += 1
            return .answer(202, ["Location": "/upload/\(content.sessions)?_state=a%2Fb=="])
        case ("PUT", "upload"):
            let query = request.target.drop { $0 != "?" }
            guard query.hasPrefix("?_state=a%2Fb==&digest=") else { return .answer(400, text: "the state is lost") }
            let digest = String(query.dropFirst("?_state=a%2Fb==&digest=".count))
            guard Digest(of: request.body).description == digest else { return .answer(400, text: "DIGEST_INVALID") }
            content.blobs[digest] = request.body
            return .answer(201)
        case ("DELETE", "upload"): return .answer(204)
        case ("PUT", "manifests"):
            content.manifests[parts[parts.count - 1]] = request.body
            return .answer(201)
        case ("GET", "manifests"):
            guard let manifest = content.manifests[parts[parts.count - 1]] else { return .answer(404) }
            return .answer(
                200, ["Content-Type": "application/vnd.oci.image.manifest.v1+json; charset=utf-8"], body: manifest)
        default: return .answer(405, text: request.line)
        }
    }

    private static func download(_ blob: [UInt8], _ request: ReceivedRequest) -> ServerReply {
        if request.method == "HEAD" { return .answer(200, ["Content-Length": "\(blob.count)"]) }
        guard let range = request.headers["Range"], let start = Int(range.filter(\.isNumber)) else {
            return .answer(200, body: blob)
        }
        return .answer(
            206, ["Content-Range": "bytes \(start)-\(blob.count - 1)/\(blob.count)"], body: Array(blob[start...]))
    }
}

/// A value that the threads of a test and of its server share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        value.withLock { (value: inout sending Value) in body(&value) }
    }
}

extension Shared<Int> {
    /// The next number, beginning with 1.
    func next() -> Int {
        withLock {
            $0 += 1
            return $0
        }
    }
}

extension RetryPolicy {
    /// Fast enough for tests.
    static let quick = RetryPolicy(attempts: 4, firstBound: 0.01, lastBound: 0.05)
}
