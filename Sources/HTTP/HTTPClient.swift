private import CLibCurl
private import POSIX
private import Synchronization

/// Sends any number of requests at once with libcurl, on its own transfer threads.
///
/// It uses HTTP/1.1 only, since parallel parts need parallel connections, and because HTTP/2 uploads of libcurl 7.88
/// can lose bytes (<https://github.com/curl/curl/issues/22563>). No request has a total time limit, but stalled ones
/// are ended.
package final class HTTPClient: Sendable {
    /// The settings that all requests of a client share.
    package struct Configuration: Sendable {
        /// The trusted authorities and the client certificate.
        package var certificates = HTTPCertificates()
        /// Certificates for particular hosts, which take precedence over `certificates`.
        package var hostCertificates: @Sendable (HTTPURL) -> HTTPCertificates? = { _ in nil }
        /// True where plain HTTP to other machines is allowed.
        package var allowsPlainHTTP = false
        package var userAgent = "caasctl"
        /// The seconds after which an attempt to connect, including the handshake, is given up.
        package var connectSeconds = 10
        /// The most connections to one host; further requests wait.
        package var connectionsPerHost = 24
        /// True where long transfers start with only the processor time that other processes leave.
        package var isBackground = false
        /// A hook that a thread at idle priority calls in each round, so that tests can stop it.
        var whileYielding: (@Sendable () -> Void)?

        /// The defaults: the system's certificates, and HTTPS except for loopback addresses.
        package init() {}

        func certificates(for url: HTTPURL) -> HTTPCertificates {
            url.scheme == "https" ? hostCertificates(url) ?? certificates : HTTPCertificates()
        }
    }

    /// The limit in bytes per second for the client's long transfers, which may change while they run.
    package let bandwidth = Bandwidth()
    private let configuration: Configuration
    private let lending = LendingState()
    private let engines: Mutex<Engines>

    /// One thread for each processor share, because a thread cannot regain priority without privileges.
    ///
    /// The threads of lower priority are started when they are first needed.
    private struct Engines {
        let full: TransferEngine
        var little: TransferEngine?
        var leftovers: TransferEngine?
        var isBackground: Bool
    }

    /// Creates a client with its own threads and connections, which end with it.
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

    /// True while long transfers get only the processor time that others leave, as long as they make progress with it.
    ///
    /// Short requests always run at normal priority. A transfer in progress that moves well continues as it was. The
    /// value stays false for a client that was not configured for the background.
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

    /// Returns the engine that carries out a request, and for an idle-priority engine the one that supervises it.
    private func engine(
        for request: HTTPRequest, _ sink: (any HTTPBodySink)?, isUrgent: Bool
    ) -> (TransferEngine, lender: TransferEngine?) {
        engines.withLock { engines in
            guard engines.isBackground else { return (engines.full, nil) }
            // Received bytes go to other threads at once, which would wait for locks that the receiving thread holds.
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

    /// Sends a request once and returns the answer with its body of at most `limit` bytes.
    package func send(_ request: HTTPRequest, limit: Int = 16 << 20) async throws(HTTPError) -> HTTPResponse {
        try await perform(request, sink: nil, limit: limit)
    }

    /// Sends a request once and passes the body of a 2xx answer to `sink`; any other body is in the answer.
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
        // A line break would start another field, or another request.
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

    /// Runs a transfer on an engine at idle priority; returns nil where it made no progress there.
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
