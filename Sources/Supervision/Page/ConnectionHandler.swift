import NIOCore
import NIOPosix

/// Reads one request of a connection and answers it itself or hands the connection to the relay.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A client that takes longer to say what it wants, or to take a page, is cut off.
    private static let patience = TimeAmount.seconds(30)

    private enum State {
        case reading(ByteBuffer)
        case answered
    }

    private let site: LiveSite
    private let relay: RelayGate
    private var state = State.reading(ByteBuffer())
    private var timeout: Scheduled<Void>?

    init(site: LiveSite, relay: RelayGate) {
        self.site = site
        self.relay = relay
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timeout = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .reading(var buffer) = state else { return }
        var piece = unwrapInboundIn(data)
        buffer.writeBuffer(&piece)
        state = .reading(buffer)
        guard let end = Self.endOfHead(buffer.readableBytesView) else {
            if buffer.readableBytes > RequestHead.longest {
                answer(.text("431 Request Header Fields Too Large", "the head is too long"), to: nil, context)
            }
            return
        }
        let bytes = buffer.readBytes(length: end) ?? []
        guard let head = RequestHead(bytes.dropLast(4)) else {
            return answer(.text("400 Bad Request", "this is no request that has one meaning"), to: nil, context)
        }
        handle(head, behind: buffer, context)
    }

    private static func endOfHead(_ bytes: ByteBufferView) -> Int? {
        guard let range = bytes.firstRange(of: [0x0D, 0x0A, 0x0D, 0x0A]) else { return nil }
        return bytes.distance(from: bytes.startIndex, to: range.upperBound)
    }

    private func handle(_ head: RequestHead, behind rest: ByteBuffer, _ context: ChannelHandlerContext) {
        if LiveSite.owns(head.path) { return answer(site.answer(head), to: head, context) }
        let mayEnter = relay.isPublic || site.token.opens(head)
        switch relay.state {
        case .open(let port, let hasRoot):
            // `/` stays 200 for a health check that knows nothing of the token or of the model.
            if head.path == "/" && !site.token.opens(head) && !(relay.isPublic && hasRoot) { break }
            guard mayEnter else { return answer(site.refusal, to: head, context) }
            return hand(head, rest, to: port, context)
        case .waiting(let seconds):
            if head.path == "/" { break }
            guard mayEnter else { return answer(site.refusal, to: head, context) }
            return answer(
                .text("503 Service Unavailable", "the model is not ready", [("Retry-After", "\(seconds)")]), to: head,
                context)
        case .closed:
            if head.path == "/" { break }
            return answer(.text("404 Not Found", "there is no such page"), to: head, context)
        }
        answer(site.answer(head), to: head, context)
    }

    private func answer(_ answer: LiveSite.Answer, to head: RequestHead?, _ context: ChannelHandlerContext) {
        state = .answered
        var text = "HTTP/1.1 \(answer.status)\r\n"
        for (name, value) in answer.fields { text += "\(name): \(value)\r\n" }
        text += "Content-Length: \(answer.body.count)\r\nConnection: close\r\n\r\n"
        var buffer = context.channel.allocator.buffer(capacity: text.utf8.count + answer.body.count)
        buffer.writeString(text)
        if head?.method != "HEAD" { buffer.writeBytes(answer.body) }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
            // What a client still sends is read for a moment: closing at once would reset the answer on its way.
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        }
    }

    /// Gives the connection to the relay, with the head rewritten and what came behind it.
    private func hand(_ head: RequestHead, _ rest: ByteBuffer, to port: Int, _ context: ChannelHandlerContext) {
        state = .answered
        timeout?.cancel()
        let client = RelaySide(framing: RequestFraming(head))
        let server = RelaySide(framing: nil)
        let first = head.relayed(hiding: site.token.unredacted)
        let channel = context.channel
        let promise = context.eventLoop.makePromise(of: Void.self)
        do {
            try context.pipeline.syncOperations.addHandler(client)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch { return context.close(promise: nil) }
        client.join(server, on: channel, first: first, rest: rest, port: port, promise: promise)
    }
}

extension ConnectionHandler: RemovableChannelHandler {}

extension LiveSite {
    /// What somebody without the token gets where the model is.
    var refusal: Answer {
        .text(
            token.isSet ? "401 Unauthorized" : "403 Forbidden",
            token.isSet
                ? "the token is missing or wrong; send it as Authorization: Bearer"
                : "this container was started without STATUS_TOKEN, and the model is not public",
            token.isSet ? [("WWW-Authenticate", "Bearer")] : [])
    }
}
