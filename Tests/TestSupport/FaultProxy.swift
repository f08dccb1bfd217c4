import Glibc
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// What goes wrong with one request on its way to a real server.
package enum Fault: Sendable {
    case none
    /// Answered here; the server never sees it.
    case answer(Int, String)
    /// The connection is reset once so many bytes of the body have come, or at its end where it has fewer.
    case reset(after: Int)
    /// The server does what is asked, and the connection ends without its answer.
    case loseAnswer
    /// Never answered.
    case stall
    /// Handed on after so many seconds, where the client still waits then.
    case delay(Double)
    /// Handed on twice, as when a network repeats what it took for lost.
    case twice
    /// The answer ends after so many bytes of its body.
    case cutAnswer(Int)
    /// One bit of the answer's body is another.
    case corruptAnswer
}

/// What goes wrong now, which a test may change while a proxy is at work.
package final class FaultSwitch: Sendable {
    private let current: Mutex<@Sendable (FaultProxy.Request) -> Fault> = Mutex { _ in .none }

    /// A switch that lets everything pass.
    package init() {}

    /// Decides by this from now on.
    package func set(_ decide: @escaping @Sendable (FaultProxy.Request) -> Fault) { current.withLock { $0 = decide } }
    /// What happens to this request.
    package func decide(_ request: FaultProxy.Request) -> Fault { current.withLock { $0 }(request) }
}

/// A server on loopback that hands requests on to a real one, but for what a test lets go wrong.
package final class FaultProxy: Sendable {
    /// A request as a test decides on it.
    package struct Request: Sendable {
        /// Its method, such as PUT.
        package let method: String
        /// Its path and query.
        package let target: String
        /// The fields that came with it, names in lower case.
        package let headers: [String: String]
        /// How many requests with this method and path came before.
        package let repetition: Int
        /// How many requests with this method, path and query came before.
        package let asked: Int
        /// Which multipart upload it belongs to, in the order in which they were seen.
        package let upload: Int?

        /// True where it begins a multipart upload.
        package var isCreate: Bool { method == "POST" && target.contains("?uploads") }
        /// True where it sends a part.
        package var isPart: Bool { method == "PUT" && target.contains("partNumber=") }
        /// True where it ends a multipart upload.
        package var isComplete: Bool { method == "POST" && target.contains("uploadId=") }
    }

    /// Its address, as R2_ENDPOINT_URL.
    package let endpoint: String
    private let channel: any Channel
    private let relay: Relay

    /// A proxy before the server at `upstream`.
    package init(_ upstream: String, _ decide: @escaping @Sendable (Request) -> Fault) async throws {
        let relay = Relay(upstream: try HTTPURL(upstream), decide: decide)
        self.relay = relay
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Conversation(relay))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        endpoint = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    deinit { channel.close(promise: nil) }

    /// Hands requests on to another server from now on, such as the same one after a new start.
    package func lead(to upstream: String) throws {
        let upstream = try HTTPURL(upstream)
        relay.upstream.withLock { $0 = upstream }
    }

    /// Reads the requests of one connection, and ends it as the test wants.
    private final class Conversation: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let relay: Relay
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []
        private var fault = Fault.none

        init(_ relay: Relay) { self.relay = relay }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let started):
                (head, body, fault) = (started, [], relay.decide(relay.request(started)))
            case .body(let bytes):
                body += bytes.readableBytesView
                if case .reset(let after) = fault, body.count >= after { reset(context.channel) }
            case .end:
                guard let head else { return }
                self.head = nil
                if case .reset = fault { return reset(context.channel) }
                let (channel, body, fault) = (context.channel, body, fault)
                Task { [relay] in
                    let goesOn = (try? await relay.answer(head, body, fault, channel)) ?? false
                    if !goesOn { channel.close(promise: nil) }
                }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func reset(_ channel: any Channel) {
            head = nil
            let socket = channel as? any SocketOptionProvider
            socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    /// Hands requests on; what came before is remembered by all connections.
    private final class Relay: Sendable {
        let upstream: Mutex<HTTPURL>
        let decide: @Sendable (Request) -> Fault
        let client = HTTPClient()
        let counts = Mutex<[String: Int]>([:])
        let uploads = Mutex<[Substring]>([])

        init(upstream: HTTPURL, decide: @escaping @Sendable (Request) -> Fault) {
            self.upstream = Mutex(upstream)
            self.decide = decide
        }

        func request(_ head: HTTPRequestHead) -> Request {
            let repetition = count("\(head.method) \(head.uri.prefix { $0 != "?" }) ")
            let asked = count("\(head.method) \(head.uri)")
            let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0),\($1)" }
            return Request(
                method: head.method.rawValue, target: head.uri, headers: headers, repetition: repetition,
                asked: asked, upload: upload(head.uri))
        }

        private func upload(_ target: String) -> Int? {
            guard let id = target.split(separator: "uploadId=").dropFirst().first?.prefix(while: { $0 != "&" }) else {
                return nil
            }
            return uploads.withLock { uploads in
                if !uploads.contains(id) { uploads.append(id) }
                return uploads.firstIndex(of: id)
            }
        }

        private func count(_ name: String) -> Int {
            counts.withLock { counts in
                defer { counts[name, default: 0] += 1 }
                return counts[name, default: 0]
            }
        }

        /// False where the connection is to end.
        func answer(
            _ head: HTTPRequestHead, _ body: [UInt8], _ fault: Fault,
            _ outbound: any Channel
        ) async throws -> Bool {
            switch fault {
            case .answer(let status, let text):
                try await write(status, ["Content-Type": "application/xml"], Array(text.utf8), head, outbound)
            case .stall: break
            case .loseAnswer:
                _ = try await forward(head, body)
                return false
            case .cutAnswer(let count):
                let answer = try await forward(head, body)
                try await write(answer.status, answer.headers, answer.body, head, outbound, sending: count)
                return false
            case .corruptAnswer:
                let answer = try await forward(head, body)
                var bytes = answer.body
                if !bytes.isEmpty { bytes[bytes.count / 2] ^= 1 }
                try await write(answer.status, answer.headers, bytes, head, outbound)
            case .delay(let seconds):
                try await Task.sleep(for: .seconds(seconds))
                guard outbound.isActive else { return false }
                let answer = try await forward(head, body)
                try await write(answer.status, answer.headers, answer.body, head, outbound)
            case .none, .reset, .twice:
                if case .twice = fault { _ = try await forward(head, body) }
                let answer = try await forward(head, body)
                try await write(answer.status, answer.headers, answer.body, head, outbound)
            }
            return true
        }

        private func forward(_ head: HTTPRequestHead, _ body: [UInt8]) async throws -> HTTPResponse {
            var request = HTTPRequest(
                head.method.rawValue, upstream.withLock { $0 }.with(target: head.uri),
                body: body.isEmpty ? .empty : .bytes(body))
            request.followsRedirects = false
            // Host goes along as it was signed.
            for field in head.headers where !["content-length", "connection"].contains(field.name.lowercased()) {
                request.headers.add(field.name, field.value)
            }
            return try await client.send(request, limit: 64 << 20)
        }

        private func write(
            _ status: Int, _ headers: HTTP.HTTPHeaders, _ body: [UInt8], _ head: HTTPRequestHead,
            _ outbound: any Channel, sending count: Int? = nil
        ) async throws {
            var fields = NIOHTTP1.HTTPHeaders()
            for field in headers.fields
            where !["content-length", "connection", "transfer-encoding"].contains(field.name.lowercased()) {
                fields.add(name: field.name, value: field.value)
            }
            let length = head.method == .HEAD ? headers["Content-Length"] ?? "0" : String(body.count)
            fields.add(name: "Content-Length", value: length)
            let started = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)
            try await outbound.writeAndFlush(HTTPServerResponsePart.head(started))
            let sent = body.prefix(count ?? body.count)
            if head.method != .HEAD, !sent.isEmpty {
                try await outbound.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: sent))))
            }
            if count == nil { try await outbound.writeAndFlush(HTTPServerResponsePart.end(nil)) }
        }
    }
}
