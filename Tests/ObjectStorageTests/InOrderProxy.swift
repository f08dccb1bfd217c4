import Glibc
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The treatment of a part by a server that writes in order.
enum PartFate: Sendable {
    case taken
    /// The server reads not one byte and never answers.
    case ignored
    case refused(Int)
}

/// A proxy that takes the parts of an upload in their order.
///
/// Like `rclone serve s3` 1.75, it buffers a bounded number of bytes of early parts. Beyond that it reads nothing more
/// from their connections until the part before them has arrived:
/// <https://github.com/rclone/rclone/blob/v1.75.0/cmd/serve/s3>.
final class InOrderProxy: Sendable {
    typealias Decision = @Sendable (_ part: Int, _ asked: Int) -> PartFate

    let endpoint: String
    private let channel: any Channel
    private let gate: Gate

    /// Creates a proxy that buffers at most `mostAhead` bytes of parts above a missing one.
    init(_ upstream: String, mostAhead: Int, _ decide: @escaping Decision = { _, _ in .taken }) async throws {
        let gate = Gate(upstream: try HTTPURL(upstream), mostAhead: mostAhead, decide)
        self.gate = gate
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.socketOption(.so_rcvbuf), value: 64 << 10)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Conversation(gate))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        endpoint = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    deinit { channel.close(promise: nil) }

    /// The number of parts whose bytes were held back.
    var heldBack: Int { gate.heldBack }

    /// The parts that have arrived, and the connections that wait.
    private final class Gate: Sendable {
        private struct Upload {
            /// The lowest missing part.
            var next = 1
            var done: [Int: Int] = [:]
            /// The bytes received of parts in progress, by connection.
            var arriving: [ObjectIdentifier: (part: Int, bytes: Int)] = [:]
            var asked: [Int: Int] = [:]

            var ahead: Int {
                arriving.values.reduce(0) { $0 + ($1.part > next ? $1.bytes : 0) }
                    + done.reduce(0) { $0 + ($1.key > next ? $1.value : 0) }
            }
        }

        let upstream: HTTPURL
        let client = HTTPClient()
        private let mostAhead: Int
        private let decide: Decision
        private let state = Mutex((uploads: [String: Upload](), waiting: [any Channel](), heldBack: Set<Int>()))

        init(upstream: HTTPURL, mostAhead: Int, _ decide: @escaping Decision) {
            self.upstream = upstream
            self.mostAhead = mostAhead
            self.decide = decide
        }

        var heldBack: Int { state.withLock { $0.heldBack.count } }

        func fate(of part: Int, _ upload: String) -> PartFate {
            let asked = state.withLock { state in
                defer { state.uploads[upload, default: Upload()].asked[part, default: 0] += 1 }
                return state.uploads[upload]?.asked[part] ?? 0
            }
            return decide(part, asked)
        }

        /// Returns false where nothing more may be read from the connection for now.
        func take(_ bytes: Int, of part: Int, _ upload: String, _ channel: any Channel) -> Bool {
            state.withLock { state in
                let id = ObjectIdentifier(channel)
                state.uploads[upload, default: Upload()].arriving[id, default: (part, 0)].bytes += bytes
                guard let now = state.uploads[upload], part > now.next, now.ahead > mostAhead else { return true }
                state.waiting.append(channel)
                state.heldBack.insert(part)
                return false
            }
        }

        func end(_ part: Int?, _ upload: String, _ channel: any Channel) {
            let waiting = state.withLock { state in
                let bytes = state.uploads[upload]?.arriving.removeValue(forKey: ObjectIdentifier(channel))?.bytes
                if let part {
                    state.uploads[upload]?.done[part] = bytes ?? 0
                    while let next = state.uploads[upload]?.next, state.uploads[upload]?.done[next] != nil {
                        state.uploads[upload]?.next += 1
                    }
                }
                defer { state.waiting = [] }
                return state.waiting
            }
            for channel in waiting { channel.setOption(.autoRead, value: true).whenComplete { _ in channel.read() } }
        }
    }

    private struct Part: Sendable {
        let number: Int
        let upload: String
    }

    private final class Conversation: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let gate: Gate
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []
        private var part: Part?

        init(_ gate: Gate) { self.gate = gate }

        private static func part(_ head: HTTPRequestHead) -> Part? {
            func value(_ name: String) -> String? {
                head.uri.split(separator: "\(name)=").dropFirst().first.map { String($0.prefix { $0 != "&" }) }
            }
            guard head.method == .PUT, let number = value("partNumber").flatMap({ Int($0) }),
                let upload = value("uploadId")
            else { return nil }
            return Part(number: number, upload: upload)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let channel = context.channel
            switch unwrapInboundIn(data) {
            case .head(let started):
                (head, body, part) = (started, [], Self.part(started))
                guard let part else { return }
                switch gate.fate(of: part.number, part.upload) {
                case .taken: break
                case .ignored:
                    head = nil
                    channel.setOption(.autoRead, value: false).whenComplete { _ in }
                case .refused(let status):
                    head = nil
                    let answer = HTTPResponseHead(
                        version: .http1_1, status: .init(statusCode: status),
                        headers: ["Content-Length": "0", "Connection": "close"])
                    channel.write(HTTPServerResponsePart.head(answer), promise: nil)
                    channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
                        channel.close(promise: nil)
                    }
                }
            case .body(let bytes):
                guard head != nil else { return }
                body += bytes.readableBytesView
                guard let part else { return }
                if !gate.take(bytes.readableBytes, of: part.number, part.upload, channel) {
                    channel.setOption(.autoRead, value: false).whenComplete { _ in }
                }
            case .end:
                guard let head else { return }
                self.head = nil
                let sent = part
                part = nil
                Self.begin(head, body, sent, gate, channel)
            }
        }

        private static func begin(
            _ head: HTTPRequestHead, _ body: [UInt8], _ part: Part?, _ gate: Gate, _ channel: any Channel
        ) {
            Task {
                let goesOn = (try? await serve(head, body, part, gate, channel)) != nil
                if !goesOn { channel.close(promise: nil) }
            }
        }

        private static func serve(
            _ head: HTTPRequestHead, _ body: [UInt8], _ part: Part?, _ gate: Gate, _ channel: any Channel
        ) async throws {
            let answer = try await forward(head, body, gate)
            if let part { gate.end(answer.isSuccess ? part.number : nil, part.upload, channel) }
            try await write(answer, head, channel)
        }

        func channelInactive(context: ChannelHandlerContext) {
            if let part { gate.end(nil, part.upload, context.channel) }
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private static func forward(_ head: HTTPRequestHead, _ body: [UInt8], _ gate: Gate) async throws -> HTTPResponse
        {
            var request = HTTPRequest(
                head.method.rawValue, gate.upstream.with(target: head.uri), body: body.isEmpty ? .empty : .bytes(body))
            request.followsRedirects = false
            // Host is forwarded as it was signed.
            for field in head.headers where !["content-length", "connection"].contains(field.name.lowercased()) {
                request.headers.add(field.name, field.value)
            }
            return try await gate.client.send(request, limit: 64 << 20)
        }

        private static func write(_ answer: HTTPResponse, _ head: HTTPRequestHead, _ channel: any Channel) async throws
        {
            var fields = NIOHTTP1.HTTPHeaders()
            for field in answer.headers.fields
            where !["content-length", "connection", "transfer-encoding"].contains(field.name.lowercased()) {
                fields.add(name: field.name, value: field.value)
            }
            let length = head.method == .HEAD ? answer.headers["Content-Length"] ?? "0" : String(answer.body.count)
            fields.add(name: "Content-Length", value: length)
            let started = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: answer.status), headers: fields)
            try await channel.writeAndFlush(HTTPServerResponsePart.head(started))
            if head.method != .HEAD, !answer.body.isEmpty {
                try await channel.writeAndFlush(
                    HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: answer.body))))
            }
            try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
        }
    }
}
