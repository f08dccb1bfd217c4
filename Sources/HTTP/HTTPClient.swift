private import CLibCurl
private import Synchronization

/// Sends requests with libcurl; any number at once, all on one transfer thread that this client owns.
///
/// HTTP/1.1 alone, since parallel parts need parallel connections and 7.88's uploads over HTTP/2 can lose bytes
/// (<https://github.com/curl/curl/issues/22563>). Nothing has a total time limit; what stalls is ended.
public final class HTTPClient: Sendable {
    /// What all requests of a client have in common.
    public struct Configuration: Sendable {
        /// Whom to trust, and who we are.
        public var certificates = HTTPCertificates()
        /// What goes before it for some hosts.
        public var hostCertificates: @Sendable (HTTPURL) -> HTTPCertificates? = { _ in nil }
        /// True where plain HTTP may leave this machine.
        public var allowsPlainHTTP = false
        /// The User-Agent.
        public var userAgent = "caasctl"
        /// Seconds after which a connection that is not made yet, with its handshake, is given up.
        public var connectSeconds = 10
        /// Connections to one host at once; further requests wait.
        public var connectionsPerHost = 16
        /// True where the transfer thread begins with only the processor time that nobody else on the machine wants.
        public var isBackground = false

        /// The defaults: the system's certificates, HTTPS but for loopback.
        public init() {}

        func certificates(for url: HTTPURL) -> HTTPCertificates {
            url.scheme == "https" ? hostCertificates(url) ?? certificates : HTTPCertificates()
        }
    }

    /// How many bytes a second the long transfers of this client may move; may be changed while they run.
    public let bandwidth = Bandwidth()
    private let configuration: Configuration
    private let engines: Mutex<Engines>

    /// A thread for each kind of haste, since one that yielded to others cannot take that back without privileges.
    private struct Engines {
        let first: TransferEngine
        /// For what is not to wait, where the first one yields.
        var foreground: TransferEngine?
        var isBackground: Bool
        var current: TransferEngine { isBackground ? first : foreground ?? first }
    }

    /// A client with its own thread and connections; both end with it.
    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        engines = Mutex(
            Engines(first: TransferEngine(configuration, bandwidth), isBackground: configuration.isBackground))
    }

    deinit {
        let engines = engines.withLock { $0 }
        engines.first.stop()
        engines.foreground?.stop()
    }

    /// True while requests that begin have only the processor time that nobody else on the machine wants.
    ///
    /// What has begun goes on as it was. A client that was not made for the background has none.
    public var isBackground: Bool {
        get { engines.withLock { $0.isBackground } }
        set {
            guard configuration.isBackground else { return }
            engines.withLock { engines in
                engines.isBackground = newValue
                guard !newValue, engines.foreground == nil else { return }
                var foreground = configuration
                foreground.isBackground = false
                engines.foreground = TransferEngine(foreground, bandwidth)
            }
        }
    }

    /// Sends a request once and returns the answer with its body, which may have at most `limit` bytes.
    public func send(_ request: HTTPRequest, limit: Int = 16 << 20) async throws(HTTPError) -> HTTPResponse {
        try await perform(request, sink: nil, limit: limit)
    }

    /// Sends a request once and hands the body of a 2xx answer to `sink`; any other body is in the answer.
    public func send(_ request: HTTPRequest, to sink: any HTTPBodySink) async throws(HTTPError) -> HTTPResponse {
        try await perform(request, sink: sink, limit: 1 << 20)
    }

    private func perform(
        _ request: HTTPRequest, sink: (any HTTPBodySink)?, limit: Int
    ) async throws(HTTPError) -> HTTPResponse {
        var request = request
        for _ in 0...5 {
            try check(request.url, for: request)
            let response = try await attempt(request, sink: sink, limit: limit)
            guard request.followsRedirects, [301, 302, 303, 307, 308].contains(response.status),
                let location = response.headers["Location"]
            else { return response }
            let next = try request.url.resolving(location)
            guard !next.isLoopback || request.url.isLoopback else {
                throw HTTPError(.invalidURL, request.name, "it redirects to this machine, where it may send nobody")
            }
            // A token for one host is not to be shown to another.
            if !next.hasSameOrigin(as: request.url) { request.headers["Authorization"] = nil }
            request.url = next
        }
        throw HTTPError(.invalidResponse, request.name, "more than five redirects")
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
        let transfer = Transfer(request, configuration: configuration, sink: sink, limit: limit)
        let engine = engines.withLock { $0.current }
        let result: Result<HTTPResponse, HTTPError> = await withTaskCancellationHandler {
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
        return try result.get()
    }
}
