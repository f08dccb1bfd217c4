import JSON
import NIOCore
import NIOHTTP1

/// A client's connection: handles its requests in order, each in a task that is cancelled when the connection closes.
final class APIConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (APIRequest) async -> APIAnswer
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var task: Task<Void, Never>?

    init(answer: @escaping @Sendable (APIRequest) async -> APIAnswer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLarge = false
        case .body(let buffer):
            isTooLarge = isTooLarge || body.count + buffer.readableBytes > APIServer.bodyLimit
            if !isTooLarge { body.append(contentsOf: buffer.readableBytesView) }
        case .end:
            guard let head else { return }
            begin(head, on: context.channel)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        task?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func begin(_ head: HTTPRequestHead, on channel: any Channel) {
        let request = APIRequest(
            method: head.method.rawValue, target: head.uri, apiKey: head.headers.first(name: "x-api-key"), body: body)
        let writer = AnswerWriter(channel: channel, version: head.version, isKeepAlive: head.isKeepAlive)
        task = Task { [answer, isTooLarge] in
            let reply = isTooLarge ? .error(413, "Request body too large") : await answer(request)
            do { try await writer.write(reply) } catch { try? await channel.close() }
        }
    }
}

/// Writes a response to a connection.
private struct AnswerWriter: EventSink {
    let channel: any Channel
    let version: HTTPVersion
    let isKeepAlive: Bool

    func write(_ answer: APIAnswer) async throws {
        var headers = HTTPHeaders()
        if !isKeepAlive { headers.add(name: "connection", value: "close") }
        switch answer.content {
        case .json(let json):
            let body = json.encoded()
            headers.add(name: "content-type", value: "application/json")
            headers.add(name: "content-length", value: String(body.count))
            try await begin(answer.status, headers)
            try await send(body)
        case .events(let produce):
            headers.add(name: "content-type", value: "text/event-stream; charset=utf-8")
            headers.add(name: "cache-control", value: "no-cache")
            try await begin(answer.status, headers)
            try await produce(self)
        }
        try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
        if !isKeepAlive { try await channel.close() }
    }

    private func begin(_ status: Int, _ headers: HTTPHeaders) async throws {
        let head = HTTPResponseHead(version: version, status: .init(statusCode: status), headers: headers)
        try await channel.writeAndFlush(HTTPServerResponsePart.head(head))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes))))
    }
}
