import Glibc
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The fault that a proxy applies to a request.
package enum Fault: Sendable {
    case none
    /// The proxy answers; the server does not get the request.
    case answer(Int, String)
    /// Resets the connection after this number of bytes of the body, or at the body's end if it is shorter.
    case reset(after: Int)
    /// The server handles the request, but the connection is closed without its answer.
    case loseAnswer
    /// The request gets no answer.
    case stall
    /// Forwards the request after this number of seconds, if the client still waits then.
    case delay(Double)
    /// Forwards the request twice, like a network that repeats a request that it considers lost.
    case twice
    /// Cuts the answer after this number of bytes of its body.
    case cutAnswer(Int)
    /// Flips one bit of the answer's body.
    case corruptAnswer
}

/// The current fault, which a test may change while a proxy runs.
package final class FaultSwitch: Sendable {
    private let current: Mutex<@Sendable (FaultProxy.Request) -> Fault> = Mutex { _ in .none }

    /// Creates a switch without faults.
    package init() {}

    /// Sets the function that chooses the fault of each request.
    package func set(_ decide: @escaping @Sendable (FaultProxy.Request) -> Fault) { current.withLock { $0 = decide } }
    /// Returns the fault for a request.
    package func decide(_ request: FaultProxy.Request) -> Fault { current.withLock { $0 }(request) }
}

/// A loopback server that forwards requests to a real server and applies a test's faults.
package final class FaultProxy: Sendable {
    /// A request, as a test's function gets it.
    package struct Request: Sendable {
        /// The method, such as PUT.
        package let method: String
        /// The path and query.
        package let target: String
        /// The headers, with names in lower case.
        package let headers: [String: String]
        /// The number of earlier requests with this method and path.
        package let repetition: Int
        /// The number of earlier requests with this method, path and query.
        package let asked: Int
        /// The index of its multipart upload, in the order in which the proxy saw the uploads.
        package let upload: Int?

        /// True for CreateMultipartUpload.
        package var isCreate: Bool { method == "POST" && target.contains("?uploads") }
        /// True for UploadPart.
        package var isPart: Bool { method == "PUT" && target.contains("partNumber=") }
        /// True for CompleteMultipartUpload.
        package var isComplete: Bool { method == "POST" && target.contains("uploadId=") }
    }

    /// The URL for R2_ENDPOINT_URL.
    package let endpoint: String
    private let channel: any Channel
    private let relay: Relay

    /// Starts a proxy in front of the server at `upstream`.
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

    /// Forwards requests to another server from now on, such as the same server after a restart.
    package func lead(to upstream: String) throws {
        let upstream = try HTTPURL(upstream)
        relay.upstream.withLock { $0 = upstream }
    }

    /// Reads the requests of one connection, and closes it where the fault requires it.
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

    /// Forwards requests; all connections share its counters.
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

        /// Answers a request; returns false where the connection must be closed.
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
            // Keep Host as it is, since it is part of the signature.
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
