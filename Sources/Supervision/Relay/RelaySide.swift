import NIOCore
import NIOPosix

/// One end of a relayed connection: what it reads goes to the other end, and it reads no more than that one takes.
///
/// Both ends live on one event loop, which is why neither needs a lock.
final class RelaySide: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var framing: RequestFraming?
    private var context: ChannelHandlerContext?
    private var other: RelaySide?
    private var waitsToRead = false
    /// What came before the other end was there: one event may bring several reads, asked for or not.
    private var early: ByteBuffer?

    /// Only the client's side has a framing: what it sends behind its one request goes nowhere.
    init(framing: RequestFraming?) { self.framing = framing }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        other = nil
    }

    /// Connects to the model server and sends it the request.
    func join(
        _ server: RelaySide, on channel: any Channel, first: [UInt8], rest: ByteBuffer, port: Int,
        promise: EventLoopPromise<Void>
    ) {
        let bound = NIOLoopBound((client: self, server: server), eventLoop: channel.eventLoop)
        ClientBootstrap(group: channel.eventLoop)
            .connectTimeout(.seconds(5))
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .channelInitializer { upstream in
                upstream.eventLoop.makeCompletedFuture {
                    try upstream.pipeline.syncOperations.addHandler(bound.value.server)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenComplete { result in
                let (client, server) = bound.value
                switch result {
                case .failure: client.refuse()
                case .success(let upstream): client.begin(server, upstream, first: first, rest: rest)
                }
                promise.succeed(())
            }
    }

    private func begin(_ server: RelaySide, _ upstream: any Channel, first: [UInt8], rest: ByteBuffer) {
        guard let context, context.channel.isActive else { return upstream.close(promise: nil) }
        other = server
        server.other = self
        var request = context.channel.allocator.buffer(bytes: first)
        var rest = rest
        if var early = early.take() { rest.writeBuffer(&early) }
        guard let count = framing?.take(rest.readableBytesView) else { return context.close(promise: nil) }
        if var body = rest.readSlice(length: count) { request.writeBuffer(&body) }
        upstream.writeAndFlush(request, promise: nil)
        _ = upstream.setOption(.autoRead, value: true)
        upstream.read()
        if waitsToRead {
            waitsToRead = false
            context.read()
        }
    }

    /// The model server does not listen: it has just died, and will be back.
    private func refuse() {
        guard let context else { return }
        let body = "the model is not ready\n"
        let text =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 5\r\nConnection: close\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(channel.allocator.buffer(string: text))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    func read(context: ChannelHandlerContext) {
        guard let other else {
            // Until the other end is there, nothing is read that nobody could take.
            waitsToRead = true
            return
        }
        if other.context?.channel.isWritable ?? false { context.read() } else { waitsToRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let other, other.waitsToRead {
            other.waitsToRead = false
            other.context?.read()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        guard other != nil else {
            if early?.writeBuffer(&buffer) == nil { early = buffer }
            return
        }
        if framing != nil {
            guard let count = framing?.take(buffer.readableBytesView) else { return context.close(promise: nil) }
            guard count > 0, let part = buffer.readSlice(length: count) else { return }
            buffer = part
        }
        other?.context?.write(wrapOutboundOut(buffer), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) { other?.context?.flush() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { other?.finishWriting() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        other?.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func finishWriting() { context?.close(mode: .output, promise: nil) }

    /// Closes once everything that was written is on its way.
    private func finish() {
        guard let context else { return }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(channel.allocator.buffer(capacity: 0))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
