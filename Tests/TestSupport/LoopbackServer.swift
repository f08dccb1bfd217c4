package import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request as a server of a test sees it.
package struct ReceivedRequest: Sendable {
    /// The method.
    package let method: String
    /// Path and query as they came.
    package let target: String
    /// The fields in order.
    package let headers: HTTP.HTTPHeaders
    /// The client's port, which is one connection's own.
    package let clientPort: Int?
    /// The body as far as it has come.
    package var body: [UInt8] = []

    /// The path without the query.
    package var path: String { String(target.prefix { $0 != "?" }) }
    /// `PUT /path`.
    package var line: String { "\(method) \(path)" }
}

/// What a server of a test does with a request.
package indirect enum ServerReply: Sendable {
    /// A whole answer.
    case answer(Int, HTTP.HTTPHeaders = [:], body: [UInt8] = [])
    /// Bytes as they are, after which the connection is closed.
    case bytes([UInt8])
    /// The connection is closed at once.
    case close
    /// Nothing ever comes.
    case silence
    /// An answer that comes in so many pieces, with a pause before each.
    case trickle(ServerReply, pieces: Int, milliseconds: Int64)

    /// A whole answer with a text.
    package static func answer(_ status: Int, _ headers: HTTP.HTTPHeaders = [:], text: String) -> ServerReply {
        .answer(status, headers, body: Array(text.utf8))
    }
}

/// An HTTP server on loopback that does what a test tells it, also what no good server does.
package final class LoopbackServer: Sendable {
    /// Answers a request whose body has come.
    package typealias Handler = @Sendable (ReceivedRequest) -> ServerReply
    /// Looks at a request while its body comes; an answer ends it there.
    package typealias Interrupter = @Sendable (ReceivedRequest) -> ServerReply?

    /// The port that the system gave it.
    package let port: Int
    private let channel: any Channel
    private let record: Record

    fileprivate final class Record: Sendable {
        let requests = Mutex<[ReceivedRequest]>([])
    }

    /// Starts a server.
    package init(
        interrupting interrupter: @escaping Interrupter = { _ in nil }, _ handler: @escaping Handler
    ) async throws {
        let record = Record()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
                    try channel.pipeline.syncOperations.addHandler(Conversation(record, interrupter, handler))
                }
            }
        channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.record = record
    }

    deinit { channel.close(promise: nil) }

    /// Where it listens, as registries are named.
    package var host: String { "127.0.0.1:\(port)" }
    /// A URL of this server.
    package func url(_ target: String) -> HTTPURL {
        HTTPURL(scheme: "http", host: "127.0.0.1", port: port, target: target)
    }
    /// Every request so far, without bodies.
    package var requests: [ReceivedRequest] { record.requests.withLock { $0 } }

    private final class Conversation: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let record: Record
        private let interrupter: Interrupter
        private let handler: Handler
        private var request: ReceivedRequest?

        init(_ record: Record, _ interrupter: @escaping Interrupter, _ handler: @escaping Handler) {
            self.record = record
            self.interrupter = interrupter
            self.handler = handler
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
                send(handler(request), context, isHead: request.method == "HEAD")
                return
            }
            guard let request, let reply = interrupter(request) else { return }
            self.request = nil
            send(reply, context, isHead: request.method == "HEAD")
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
