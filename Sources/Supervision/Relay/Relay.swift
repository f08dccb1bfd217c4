import NIOCore
import NIOPosix

/// One request to the model server and its response, both parsed and bounded.
///
/// Both connections run on one event loop; use the relay only on that loop. Until the model has agreed to WebSocket,
/// exactly one request and one response are forwarded.
final class Relay {
    /// Maximum number of bytes after the request's body before the client is disconnected.
    private static let mostDropped = 64 << 10
    /// Maximum number of bytes kept for later; a client that is not read cannot deliver more.
    private static let mostEarly = 1 << 20

    /// The progress of the model's response.
    private enum Answer {
        /// The head is incomplete.
        case head(ByteBuffer, HeadScanner)
        case body(BodyFraming)
        case tunnel
        case over
    }

    private let head: RequestHead
    private let first: [UInt8]
    private let client: any Channel
    private let table: ConnectionTable
    private var server: (any Channel)?
    private var request: BodyFraming
    private var answer = Answer.head(ByteBuffer(), HeadScanner(isLenient: true))
    private var interimHeads = 0
    /// Bytes from the client that cannot be forwarded yet.
    private var early = ByteBuffer()
    private var dropped = 0
    private var waitsToRead: (client: Bool, server: Bool) = (false, false)
    private var clientSaidAll = false
    /// Time at which the client got its whole response; its input is still read for a moment.
    private var lingersSince: NIODeadline?
    /// Time at which a byte was last received or sent.
    private(set) var lastMove = NIODeadline.now()
    private var leftAtLastLook = 0

    init(_ head: RequestHead, hiding token: PageToken, client: any Channel, table: ConnectionTable) {
        self.head = head
        self.client = client
        self.table = table
        first = head.relayed(hiding: token)
        request = BodyFraming(head)
    }

    // MARK: The connection to the model

    /// Connects to the model server and sends it the request.
    func begin(behind rest: ByteBuffer, port: Int) {
        early = rest
        guard isWellFramedSoFar else { return refuse("400 Bad Request", "this is no request that has one meaning") }
        let bound = NIOLoopBound(self, eventLoop: client.eventLoop)
        guard let address = try? SocketAddress(ipAddress: "127.0.0.1", port: port) else { return cutOff() }
        ClientBootstrap(group: client.eventLoop)
            .connectTimeout(.seconds(5))
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RelaySide(bound.value, .server))
                }
            }
            // Connects to an IP address: looking up a name uses threads.
            .connect(to: address)
            .whenComplete { result in
                switch result {
                // The server has just ended and will restart, or there is no free file descriptor.
                case .failure: bound.value.refuse("503 Service Unavailable", "the model is not ready", retryAfter: 5)
                case .success(let channel): bound.value.connected(channel)
                }
            }
    }

    /// True if the part of the body that has arrived is validly framed; checked before any byte is forwarded.
    private var isWellFramedSoFar: Bool {
        var trial = request
        return trial.take(early.readableBytesView) != nil
    }

    private func connected(_ channel: any Channel) {
        guard client.isActive, lingersSince == nil else { return channel.close(promise: nil) }
        server = channel
        channel.write(ByteBuffer(bytes: first), promise: nil)
        let rest = early
        early = ByteBuffer()
        received(fromClient: rest)
        channel.flush()
        if clientSaidAll { channel.close(mode: .output, promise: nil) }
        _ = channel.setOption(.autoRead, value: true)
        resume(.client)
    }

    // MARK: Input

    func received(fromClient bytes: ByteBuffer) {
        var bytes = bytes
        lastMove = .now()
        guard let server, lingersSince == nil else {
            if lingersSince == nil { keep(&bytes) }
            return
        }
        if case .tunnel = answer { return server.write(bytes, promise: nil) }
        guard let count = request.take(bytes.readableBytesView) else {
            return refuse("400 Bad Request", "the request's body has no chunks that have one meaning")
        }
        if count > 0, let part = bytes.readSlice(length: count) { server.write(part, promise: nil) }
        guard bytes.readableBytes > 0 else { return }
        if head.wantsWebSocket {
            // Before the model has agreed, further bytes are kept and the client is not read any more.
            keep(&bytes)
        } else {
            dropped += bytes.readableBytes
            if dropped > Self.mostDropped { cutOff() }
        }
    }

    private func keep(_ bytes: inout ByteBuffer) {
        early.writeBuffer(&bytes)
        if early.readableBytes > Self.mostEarly { cutOff() }
    }

    func received(fromServer bytes: ByteBuffer) {
        lastMove = .now()
        var bytes = bytes
        while bytes.readableBytes > 0 {
            switch answer {
            case .head: if !readHead(&bytes) { return }
            case .body(var framing):
                guard let count = framing.take(bytes.readableBytesView) else { return cutOff() }
                answer = .body(framing)
                if let part = bytes.readSlice(length: count) { client.write(part, promise: nil) }
                if framing.isOver { return finish() }
            case .tunnel: return client.write(bytes, promise: nil)
            case .over: return
            }
        }
    }

    /// Reads the bytes of one head; returns false if there is nothing more to read now.
    private func readHead(_ bytes: inout ByteBuffer) -> Bool {
        guard case .head(var buffer, var scanner) = answer else { return true }
        let finding = scanner.scan(bytes.readableBytesView)
        var count = bytes.readableBytes
        if case .end(let length) = finding { count = length }
        guard finding != .broken, buffer.readableBytes + count <= AnswerHead.longest else { return misunderstand() }
        if var part = bytes.readSlice(length: count) { buffer.writeBuffer(&part) }
        guard case .end = finding else {
            answer = .head(buffer, scanner)
            return false
        }
        guard let head = AnswerHead(buffer.readableBytesView) else { return misunderstand() }
        answer = .head(ByteBuffer(), HeadScanner(isLenient: true))
        return passOn(head)
    }

    private func passOn(_ answerHead: AnswerHead) -> Bool {
        if answerHead.isInterim {
            interimHeads += 1
            guard interimHeads <= 64 else { return misunderstand() }
            // An HTTP/1.0 client would take it for the final response.
            // <https://www.rfc-editor.org/rfc/rfc9110#section-15.2>
            if head.version == "HTTP/1.1" { client.write(ByteBuffer(bytes: answerHead.relayed), promise: nil) }
            return true
        }
        if answerHead.status == 101 {
            guard head.wantsWebSocket, answerHead.isWebSocket else { return misunderstand() }
            answer = .tunnel
            client.write(ByteBuffer(bytes: answerHead.relayed), promise: nil)
            if early.readableBytes > 0, let server {
                server.writeAndFlush(early, promise: nil)
                early = ByteBuffer()
            }
            resume(.client)
            return true
        }
        guard let framing = BodyFraming(answerHead, toMethod: head.method) else { return misunderstand() }
        answer = .body(framing)
        client.write(ByteBuffer(bytes: answerHead.relayed), promise: nil)
        resume(.client)
        guard framing.isOver else { return true }
        finish()
        return false
    }

    // MARK: Flow control

    /// Returns false while the other end takes no bytes or has not agreed yet; this end is then read later.
    func mayRead(_ end: RelaySide.End) -> Bool {
        switch end {
        case .client:
            // After the response, the client is read until it closes; its bytes are discarded.
            let mayRead = lingersSince != nil || (server?.isWritable == true && !mustWaitForAgreement)
            waitsToRead.client = !mayRead
            return mayRead
        case .server:
            waitsToRead.server = !client.isWritable
            return client.isWritable
        }
    }

    private var mustWaitForAgreement: Bool {
        if case .head = answer { return head.wantsWebSocket && early.readableBytes > 0 }
        return false
    }

    /// Reads the other end again, since this one takes bytes again.
    func hasRoom(_ end: RelaySide.End) { resume(end == .client ? .server : .client) }

    private func resume(_ end: RelaySide.End) {
        switch end {
        case .client: if waitsToRead.client { client.read() }
        case .server: if waitsToRead.server { server?.read() }
        }
    }

    func flush(from end: RelaySide.End) {
        switch end {
        case .client: server?.flush()
        case .server: client.flush()
        }
    }

    // MARK: End of the connections

    /// Handles the end of one end's input.
    func saidAll(_ end: RelaySide.End) {
        switch (end, answer) {
        case (.client, _) where lingersSince != nil: client.close(promise: nil)
        case (.client, _):
            clientSaidAll = true
            server?.close(mode: .output, promise: nil)
        case (.server, .tunnel): client.close(mode: .output, promise: nil)
        case (.server, .head): _ = misunderstand()
        case (.server, .body), (.server, .over): finish()
        }
    }

    func isGone(_ end: RelaySide.End) {
        switch end {
        case .client:
            table.remove(self)
            server?.close(promise: nil)
        case .server:
            if case .head = answer { _ = misunderstand() } else { finish() }
        }
    }

    /// Ends the response to the client after all its bytes are sent.
    private func finish() {
        if case .over = answer { return }
        answer = .over
        server?.close(promise: nil)
        let bound = NIOLoopBound(self, eventLoop: client.eventLoop)
        client.writeAndFlush(ByteBuffer()).whenComplete { _ in bound.value.linger() }
    }

    private func linger() {
        lingersSince = .now()
        client.close(mode: .output, promise: nil)
        if waitsToRead.client { client.read() }
    }

    /// Answers 502 after an invalid response of the model, or after its connection ended without one.
    private func misunderstand() -> Bool {
        refuse("502 Bad Gateway", "the model gave no answer that has one meaning")
        return false
    }

    /// Sends a response of PID 1's own if the model's has not begun.
    private func refuse(_ status: String, _ text: String, retryAfter: Int? = nil) {
        guard case .head = answer else { return cutOff() }
        let answer = LiveSite.Answer.text(status, text, retryAfter.map { [("Retry-After", "\($0)")] } ?? [])
        client.write(ByteBuffer(bytes: answer.message(toMethod: head.method)), promise: nil)
        finish()
    }

    /// Returns true if the client has its response, or there was no traffic for a while.
    func mayYield(_ now: NIODeadline) -> Bool {
        lingersSince != nil || now - lastMove >= ConnectionTable.yieldingAge
    }

    func isOverdue(_ now: NIODeadline) -> Bool {
        if let lingersSince { return now - lingersSince >= ConnectionTable.lingering }
        // Input counts when it arrives, output when it leaves the buffer: a slow reader is not idle.
        let left = [client, server].compactMap { $0 }.reduce(0) { sum, channel in
            sum + ((try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
        }
        if left < leftAtLastLook { lastMove = now }
        leftAtLastLook = left
        let isTunnel = if case .tunnel = answer { true } else { false }
        return now - lastMove >= (isTunnel ? ConnectionTable.tunnelPatience : ConnectionTable.relayPatience)
    }

    func cutOff() {
        answer = .over
        table.remove(self)
        server?.close(promise: nil)
        client.close(promise: nil)
    }
}
