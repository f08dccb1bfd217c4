private import CLibCurl
private import POSIX
private import Synchronization

/// Sends requests with libcurl; any number at once, on transfer threads that this client owns.
///
/// HTTP/1.1 alone, since parallel parts need parallel connections and 7.88's uploads over HTTP/2 can lose bytes
/// (<https://github.com/curl/curl/issues/22563>). Nothing has a total time limit; what stalls is ended.
package final class HTTPClient: Sendable {
    /// What all requests of a client have in common.
    package struct Configuration: Sendable {
        /// Whom to trust, and who we are.
        package var certificates = HTTPCertificates()
        /// What goes before it for some hosts.
        package var hostCertificates: @Sendable (HTTPURL) -> HTTPCertificates? = { _ in nil }
        /// True where plain HTTP may leave this machine.
        package var allowsPlainHTTP = false
        /// The User-Agent.
        package var userAgent = "caasctl"
        /// Seconds after which a connection that is not made yet, with its handshake, is given up.
        package var connectSeconds = 10
        /// Connections to one host at once; further requests wait.
        package var connectionsPerHost = 24
        /// True where transfers begin with only the processor time that nobody else on the machine wants.
        package var isBackground = false
        /// What a thread that yields does besides in each round, which a test may hold it with.
        var whileYielding: (@Sendable () -> Void)?

        /// The defaults: the system's certificates, HTTPS but for loopback.
        package init() {}

        func certificates(for url: HTTPURL) -> HTTPCertificates {
            url.scheme == "https" ? hostCertificates(url) ?? certificates : HTTPCertificates()
        }
    }

    /// How many bytes a second the long transfers of this client may move; may be changed while they run.
    package let bandwidth = Bandwidth()
    private let configuration: Configuration
    private let lending = LendingState()
    private let engines: Mutex<Engines>

    /// A thread for each share of the processors, since one that yielded cannot take that back without privileges.
    ///
    /// Those that yield are started when there is something for them.
    private struct Engines {
        let full: TransferEngine
        var little: TransferEngine?
        var leftovers: TransferEngine?
        var isBackground: Bool
    }

    /// A client with its own threads and connections; all end with it.
    package init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        lending.isHurried.store(!configuration.isBackground, ordering: .relaxed)
        engines = Mutex(
            Engines(
                full: TransferEngine(configuration, bandwidth, lending), isBackground: configuration.isBackground))
    }

    deinit {
        let engines = engines.withLock { $0 }
        engines.full.stop()
        engines.little?.stop()
        engines.leftovers?.stop()
    }

    /// True while what moves much has only the processor time that nobody else on the machine wants, as long as that lets
    /// it move at all; short requests never wait for others.
    ///
    /// What has begun and moves well goes on as it was. A client that was not made for the background has none.
    package var isBackground: Bool {
        get { engines.withLock { $0.isBackground } }
        set {
            guard configuration.isBackground else { return }
            let full = engines.withLock { engines in
                engines.isBackground = newValue
                return engines.full
            }
            lending.isHurried.store(!newValue, ordering: .relaxed)
            full.wake()
        }
    }

    /// Who carries a request out, and who watches over that where it is somebody who may not get a processor.
    private func engine(
        for request: HTTPRequest, _ sink: (any HTTPBodySink)?, isUrgent: Bool
    ) -> (TransferEngine, lender: TransferEngine?) {
        engines.withLock { engines in
            guard engines.isBackground else { return (engines.full, nil) }
            // What comes in goes to others at once, who would wait for whatever its thread holds.
            let isIncoming = sink != nil
            guard isIncoming || request.isLongFile else { return (engines.full, nil) }
            if isIncoming || isUrgent || lending.isResting {
                let engine = engines.little ?? TransferEngine(configuration, bandwidth, lending, share: .little)
                engines.little = engine
                return (engine, nil)
            }
            let engine = engines.leftovers ?? TransferEngine(configuration, bandwidth, lending, share: .leftovers)
            engines.leftovers = engine
            return (engine, engines.full)
        }
    }

    /// Sends a request once and returns the answer with its body, which may have at most `limit` bytes.
    package func send(_ request: HTTPRequest, limit: Int = 16 << 20) async throws(HTTPError) -> HTTPResponse {
        try await perform(request, sink: nil, limit: limit)
    }

    /// Sends a request once and hands the body of a 2xx answer to `sink`; any other body is in the answer.
    package func send(_ request: HTTPRequest, to sink: any HTTPBodySink) async throws(HTTPError) -> HTTPResponse {
        try await perform(request, sink: sink, limit: 1 << 20)
    }

    private func perform(
        _ request: HTTPRequest, sink: (any HTTPBodySink)?, limit: Int
    ) async throws(HTTPError) -> HTTPResponse {
        let first = request
        var request = request
        for _ in 0...5 {
            try check(request.url, for: request)
            let response = try await attempt(request, sink: sink, limit: limit)
            guard let next = try request.following(response) else { return response }
            request = next
        }
        throw HTTPError(.invalidResponse, first.name, "more than five redirects, the last to \(request.url)")
    }

    private func check(_ url: HTTPURL, for request: HTTPRequest) throws(HTTPError) {
        guard url.scheme == "https" || url.isLoopback || configuration.allowsPlainHTTP else {
            throw HTTPError(
                .invalidURL, request.name,
                "\(url.host) is not this machine, and plain HTTP would show secrets; use https")
        }
        // A line break would begin another field, or another request.
        for field in request.headers.fields
        where "\(field.name)\(field.value)".utf8.contains(where: { $0 < 0x20 && $0 != 9 }) {
            throw HTTPError(.other, request.name, "the value of \(field.name) holds a line break")
        }
    }

    private func attempt(
        _ request: HTTPRequest, sink: (any HTTPBodySink)?, limit: Int
    ) async throws(HTTPError) -> HTTPResponse {
        let (engine, lender) = engine(for: request, sink, isUrgent: false)
        guard let lender else { return try await carryOut(request, sink: sink, limit: limit, on: engine).get() }
        let transfer = Transfer(
            request, configuration: configuration, bandwidth: bandwidth, isLent: true, sink: sink, limit: limit)
        if let result = await lend(transfer, to: engine, by: lender) { return try result.get() }
        let (other, _) = self.engine(for: request, sink, isUrgent: true)
        return try await carryOut(request, sink: sink, limit: limit, on: other).get()
    }

    private func carryOut(
        _ request: HTTPRequest, sink: (any HTTPBodySink)?, limit: Int, on engine: TransferEngine
    ) async -> Result<HTTPResponse, HTTPError> {
        let transfer = Transfer(request, configuration: configuration, bandwidth: bandwidth, sink: sink, limit: limit)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.onEnd = { continuation.resume(returning: $0) }
                transfer.wake = { [engine, weak transfer] in
                    if let transfer { engine.resume(transfer) }
                }
                engine.add(transfer)
            }
        } onCancel: {
            engine.cancel(transfer)
        }
    }

    /// Has a transfer carried out by a thread that yields; nil where that did not get on.
    private func lend(
        _ transfer: Transfer, to engine: TransferEngine, by lender: TransferEngine
    ) async -> Result<HTTPResponse, HTTPError>? {
        let continuation = Mutex<CheckedContinuation<LentTransfer.End, Never>?>(nil)
        let lent = LentTransfer(transfer, to: engine) { end in
            continuation.withLock { $0.take() }?.resume(returning: end)
        }
        transfer.onEnd = { [lender, lent] result in lender.end(lent, result) }
        let end = await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                continuation.withLock { $0 = waiting }
                lender.lend(lent)
            }
        } onCancel: {
            lender.takeBack(lent, .answered(.failure(lent.transfer.cancellation)))
        }
        return switch end {
        case .answered(let result): result
        case .abandoned: nil
        }
    }
}
