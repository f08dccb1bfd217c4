import NIOCore
import NIOPosix

/// Reads one request of a connection and answers it or hands the connection to the relay.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The phase of the connection.
    private enum State {
        case reading
        /// The response, of which `left` bytes wait for the client to read them.
        case answering(left: Int, since: NIODeadline)
        case lingering(since: NIODeadline)
        /// A viewer, for whom `left` bytes wait since `since`.
        case viewing(left: Int, since: NIODeadline)
        case handedOver
    }

    private let site: LiveSite
    private let gate: RelayGate
    private let table: ConnectionTable
    private let channel: any Channel
    /// Time at which the connection began.
    let order: NIODeadline
    private var state = State.reading
    private var head = ByteBuffer()
    private var scanner = HeadScanner(isLenient: false)

    init(site: LiveSite, gate: RelayGate, table: ConnectionTable, channel: any Channel) {
        self.site = site
        self.gate = gate
        self.table = table
        self.channel = channel
        order = .now()
    }

    /// True while no response is pending, so that closing the connection loses nothing.
    var mayYield: Bool {
        switch state {
        case .reading, .lingering: true
        case .answering, .viewing, .handedOver: false
        }
    }

    func isOverdue(_ now: NIODeadline) -> Bool {
        switch state {
        case .reading: return now - order >= ConnectionTable.headPatience
        case .answering(let left, let since):
            // Measures progress, not total time: a slow connection may take long for a long log.
            let rest = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
            if rest < left { state = .answering(left: rest, since: now) }
            return rest >= left && now - since >= ConnectionTable.answerPatience
        case .viewing(let left, let since):
            let rest = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
            if rest == 0 || rest < left { state = .viewing(left: rest, since: now) }
            return rest > 0 && rest >= left && now - since >= ConnectionTable.answerPatience
        case .lingering(let since): return now - since >= ConnectionTable.lingering
        case .handedOver: return false
        }
    }

    func cutOff() { channel.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        table.remove(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            switch state {
            case .reading, .lingering: context.close(promise: nil)
            case .viewing: context.close(promise: nil)
            case .answering, .handedOver: break
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .reading = state else { return }
        var piece = unwrapInboundIn(data)
        let before = head.readableBytes
        switch scanner.scan(piece.readableBytesView) {
        case .end(let count) where before + count <= RequestHead.longest:
            var rest = piece
            if var last = rest.readSlice(length: count) { head.writeBuffer(&last) }
            let lines = head.readableBytesView.dropLast(4)
            guard let head = RequestHead(lines) else { return refuse(context) }
            handle(head, behind: rest, context)
        case .broken: refuse(context)
        case .none where before + piece.readableBytes < RequestHead.longest: head.writeBuffer(&piece)
        case .none, .end:
            answer(.text("431 Request Header Fields Too Large", "the head is too long"), to: nil, context)
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        answer(.text("400 Bad Request", "this is no request that has one meaning"), to: nil, context)
    }

    private func handle(_ head: RequestHead, behind rest: ByteBuffer, _ context: ChannelHandlerContext) {
        if let fields = site.events(head) { return view(fields, head, context) }
        if LiveSite.owns(head.path) { return answer(site.answer(head), to: head, context) }
        let hasToken = site.token.opensModel(head)
        let mayEnter = gate.isPublic || hasToken
        switch gate.state {
        case .open(let port, let hasRoot):
            if head.isPreflight { return hand(head, rest, to: port, context) }
            // `/` must answer 200 to health checks, which are set up without the token and the model's paths.
            if head.path == "/" && !hasToken && !(gate.isPublic && hasRoot) { break }
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
        self.head = ByteBuffer()
        let buffer = context.channel.allocator.buffer(bytes: answer.message(toMethod: head?.method))
        state = .answering(left: buffer.readableBytes, since: .now())
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in bound.value.linger() }
    }

    /// Sends the state as an event, and from then on what changes.
    private func view(_ fields: [(String, String)], _ head: RequestHead, _ context: ChannelHandlerContext) {
        guard let whole = table.admit(viewer: self) else {
            return answer(
                .text("503 Service Unavailable", "too many look at this page", [("Retry-After", "15")]), to: head,
                context)
        }
        self.head = ByteBuffer()
        state = .viewing(left: 0, since: .now())
        var text = "HTTP/1.1 200 OK\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        send(Array((text + "\r\n").utf8) + whole)
    }

    /// Sends bytes to a viewer; one who does not read them is cut off, and asks for the whole state again.
    func send(_ bytes: [UInt8]) {
        let waiting = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard waiting < 4 << 20 else { return cutOff() }
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
    }

    private func linger() {
        state = .lingering(since: .now())
        channel.close(mode: .output, promise: nil)
    }

    /// Hands the connection to the relay, with the rewritten head and the bytes that followed it.
    private func hand(_ head: RequestHead, _ rest: ByteBuffer, to port: Int, _ context: ChannelHandlerContext) {
        let relay = Relay(head, hiding: site.token, client: context.channel, table: table)
        guard table.admit(relay, .now()) else {
            return answer(
                .text(
                    "503 Service Unavailable", "the model has too many requests under way", [("Retry-After", "5")]),
                to: head, context)
        }
        state = .handedOver
        table.remove(self)
        self.head = ByteBuffer()
        do {
            try context.pipeline.syncOperations.addHandler(RelaySide(relay, .client))
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            table.remove(relay)
            return context.close(promise: nil)
        }
        relay.begin(behind: rest, port: port)
    }
}

extension LiveSite {
    /// The response of the model's paths to a request without access.
    var refusal: Answer {
        .text(
            token.isSet ? "401 Unauthorized" : "403 Forbidden",
            token.isSet
                ? "the token is missing or wrong; send it as Authorization: Bearer"
                : "this container was started without STATUS_TOKEN, and the model is not public",
            token.isSet ? [("WWW-Authenticate", "Bearer")] : [])
    }
}
