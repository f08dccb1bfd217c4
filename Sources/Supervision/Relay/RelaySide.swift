import NIOCore

/// The channel handler of one end of a relayed connection; passes all events to the relay.
final class RelaySide: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum End: Sendable { case client, server }

    private let relay: Relay
    private let end: End

    init(_ relay: Relay, _ end: End) {
        self.relay = relay
        self.end = end
    }

    /// Reads only as much as the other end takes; the relay reads again once there is room.
    func read(context: ChannelHandlerContext) { if relay.mayRead(end) { context.read() } }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { relay.hasRoom(end) }
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch end {
        case .client: relay.received(fromClient: unwrapInboundIn(data))
        case .server: relay.received(fromServer: unwrapInboundIn(data))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { relay.flush(from: end) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { relay.saidAll(end) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        relay.isGone(end)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
