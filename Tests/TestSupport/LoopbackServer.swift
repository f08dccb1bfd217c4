package import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request, as a test's server receives it.
package struct ReceivedRequest: Sendable {
    package let method: String
    /// The path and query, not decoded.
    package let target: String
    /// The headers in order.
    package let headers: HTTP.HTTPHeaders
    /// The client's port, which identifies the connection.
    package let clientPort: Int?
    /// The part of the body that has arrived.
    package var body: [UInt8] = []

    /// The path without the query.
    package var path: String { String(target.prefix { $0 != "?" }) }
    /// The method and path, as in `PUT /path`.
    package var line: String { "\(method) \(path)" }
}

/// The reaction of a test's server to a request.
package indirect enum ServerReply: Sendable {
    /// A complete response.
    case answer(Int, HTTP.HTTPHeaders = [:], body: [UInt8] = [])
    /// Raw bytes, after which the connection is closed.
    case bytes([UInt8])
    /// Closes the connection at once.
    case close
    /// Sends nothing.
    case silence
    /// A response in this number of pieces, with a pause before each.
    case trickle(ServerReply, pieces: Int, milliseconds: Int64)

    /// Returns a complete response with a text.
    package static func answer(_ status: Int, _ headers: HTTP.HTTPHeaders = [:], text: String) -> ServerReply {
        .answer(status, headers, body: Array(text.utf8))
    }
}

/// A loopback HTTP server that answers exactly as a test requires, even in invalid ways.
package final class LoopbackServer: Sendable {
    /// Answers a request whose body has arrived.
    package typealias Handler = @Sendable (ReceivedRequest) -> ServerReply
    /// Answers a request whose body has arrived, after some time.
    package typealias SlowHandler = @Sendable (ReceivedRequest) async -> ServerReply
    /// Sees a request while its body arrives; a reply ends the request early.
    package typealias Interrupter = @Sendable (ReceivedRequest) -> ServerReply?

    /// The port, chosen by the kernel.
    package let port: Int
    private let channel: any Channel
    private let record: Record

    fileprivate final class Record: Sendable {
        let requests = Mutex<[ReceivedRequest]>([])
    }

    private enum Answering {
        case atOnce(Handler)
        case later(SlowHandler)
    }

    package convenience init(
        interrupting interrupter: @escaping Interrupter = { _ in nil }, _ handler: @escaping Handler
    ) async throws {
        try await self.init(interrupter, .atOnce(handler))
    }

    package convenience init(answeringLater handler: @escaping SlowHandler) async throws {
        try await self.init({ _ in nil }, .later(handler))
    }

    private init(_ interrupter: @escaping Interrupter, _ answering: Answering) async throws {
        let record = Record()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
                    try channel.pipeline.syncOperations.addHandler(Conversation(record, interrupter, answering))
                }
            }
        channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.record = record
    }

    deinit { channel.close(promise: nil) }

    /// The host and port, as in references.
    package var host: String { "127.0.0.1:\(port)" }
    /// Returns a URL of this server.
    package func url(_ target: String) -> HTTPURL {
        HTTPURL(scheme: "http", host: "127.0.0.1", port: port, target: target)
    }
    /// All requests so far, without their bodies.
    package var requests: [ReceivedRequest] { record.requests.withLock { $0 } }

    private final class Conversation: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let record: Record
        private let interrupter: Interrupter
        private let answering: Answering
        private var request: ReceivedRequest?

        init(_ record: Record, _ interrupter: @escaping Interrupter, _ answering: Answering) {
            self.record = record
            self.interrupter = interrupter
            self.answering = answering
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                var headers = HTTP.HTTPHeaders()
                for (name, value) in head.headers { headers.add(name, value) }
                let request = ReceivedRequest(
                    method: head.method.rawValue, target: head.uri, headers: headers,
                    clientPort: context.remoteAddress?.port)
                record.requests.withLock { $0.append(request) }
                self.request = request
            case .body(let bytes): bytes.withUnsafeReadableBytes { request?.body.append(contentsOf: $0) }
            case .end:
                guard let request else { return }
                self.request = nil
                answer(request, context)
                return
            }
            guard let request, let reply = interrupter(request) else { return }
            self.request = nil
            send(reply, context, isHead: request.method == "HEAD")
        }

        private func answer(_ request: ReceivedRequest, _ context: ChannelHandlerContext) {
            let isHead = request.method == "HEAD"
            switch answering {
            case .atOnce(let handler): send(handler(request), context, isHead: isHead)
            case .later(let handler):
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                let loop = context.eventLoop
                Task {
                    let reply = await handler(request)
                    loop.execute {
                        let (conversation, context) = bound.value
                        if context.channel.isActive { conversation.send(reply, context, isHead: isHead) }
                    }
                }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func send(_ reply: ServerReply, _ context: ChannelHandlerContext, isHead: Bool) {
            switch reply {
            case .silence: break
            case .close: context.close(promise: nil)
            case .bytes(let bytes):
                context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
                context.close(promise: nil)
            case .trickle(let reply, let pieces, let milliseconds):
                trickle(bytes(of: reply, isHead), pieces, .milliseconds(milliseconds), context)
            case .answer: context.writeAndFlush(NIOAny(bytes(of: reply, isHead)), promise: nil)
            }
        }

        private func trickle(
            _ bytes: ByteBuffer, _ pieces: Int, _ pause: TimeAmount, _ context: ChannelHandlerContext
        ) {
            var rest = bytes
            let length = bytes.readableBytes / max(1, pieces) + 1
            let channel = context.channel
            for number in 0..<max(1, pieces) {
                guard let piece = rest.readSlice(length: min(length, rest.readableBytes)) else { return }
                context.eventLoop.scheduleTask(in: pause * (number + 1)) { channel.writeAndFlush(piece, promise: nil) }
            }
        }

        private func bytes(of reply: ServerReply, _ isHead: Bool) -> ByteBuffer {
            guard case .answer(let status, let headers, let body) = reply else { return ByteBuffer() }
            var text = "HTTP/1.1 \(status) Status\r\n"
            for field in headers.fields { text += "\(field.name): \(field.value)\r\n" }
            if headers["Content-Length"] == nil { text += "Content-Length: \(body.count)\r\n" }
            var buffer = ByteBuffer(string: text + "\r\n")
            if !isHead { buffer.writeBytes(body) }
            return buffer
        }
    }
}
