import CLibCurl
private import POSIX
import Synchronization

/// One request in libcurl.
///
/// A task creates it; then only the engine's thread touches it until `onEnd` returns the result, except for the
/// atomics. This order makes the unchecked conformance safe.
final class Transfer: @unchecked Sendable {
    let request: HTTPRequest
    let configuration: HTTPClient.Configuration
    let certificates: HTTPCertificates
    let sink: (any HTTPBodySink)?
    let limit: Int
    private let bandwidth: Bandwidth
    /// True where the carrying thread reports progress only through `sentSoFar`, to the thread that lent the transfer.
    let isLent: Bool
    /// The body bytes sent so far, for the thread that lent the transfer.
    let sentSoFar = Atomic<Int64>(0)
    private let abandoned = Atomic(false)
    private let sharesBandwidth = Atomic(false)
    var onEnd: ((Result<HTTPResponse, HTTPError>) -> Void)?
    /// Resumes a body that had nothing to send.
    var wake: @Sendable () -> Void = {}

    var handle: UnsafeMutableRawPointer?
    var isCancelled = false
    var list: UnsafeMutablePointer<curl_slist>?
    var sent: Int64 = 0
    var status = 0
    var headers = HTTPHeaders()
    var body: [UInt8] = []
    var hasBegun = false
    /// True once the empty line after the header fields was received.
    var hasAllHeaders = false
    /// The bytes per second set in libcurl; 0 for no limit.
    var speed: Int64 = 0
    /// The reason why a callback aborted the transfer.
    var failure: HTTPError?
    /// Set by libcurl's callback when it refuses an address.
    let refusedAddress = UnsafeMutablePointer<CInt>.allocate(capacity: 1)
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(
        _ request: HTTPRequest, configuration: HTTPClient.Configuration, bandwidth: Bandwidth, isLent: Bool = false,
        sink: (any HTTPBodySink)?, limit: Int
    ) {
        self.request = request
        self.configuration = configuration
        self.bandwidth = bandwidth
        self.isLent = isLent
        certificates = configuration.certificates(for: request.url)
        self.sink = sink
        self.limit = limit
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        refusedAddress.initialize(to: 0)
    }

    deinit {
        if let handle { curl_easy_cleanup(handle) }
        curl_slist_free_all(list)
        errorText.deallocate()
        refusedAddress.deallocate()
    }

    /// True for transfers that may move enough bytes to fall under the bandwidth limit.
    var isLong: Bool { sink != nil || request.body.length ?? .max > 1 << 20 }

    /// True where no caller waits for the transfer any more; its thread then sends not one more byte.
    var isAbandoned: Bool { abandoned.load(ordering: .acquiring) }

    func abandon() {
        abandoned.store(true, ordering: .releasing)
        leaveBandwidth()
    }

    func joinBandwidth() {
        guard isLong, !isAbandoned else { return }
        sharesBandwidth.store(true, ordering: .relaxed)
        bandwidth.join()
    }

    private func leaveBandwidth() {
        if sharesBandwidth.exchange(false, ordering: .relaxed) { bandwidth.leave() }
    }

    var cancellation: HTTPError { HTTPError(.cancelled, request.name, "cancelled") }

    /// Ends the transfer with libcurl's result, exactly once.
    func finish(_ result: CURLcode) {
        leaveBandwidth()
        guard let onEnd else { return }
        self.onEnd = nil
        let outcome = outcome(result)
        if let handle { curl_easy_cleanup(handle) }
        handle = nil
        onEnd(outcome)
    }

    private func outcome(_ result: CURLcode) -> Result<HTTPResponse, HTTPError> {
        if isCancelled || isAbandoned { return .failure(cancellation) }
        if let failure { return .failure(failure) }
        guard result == CURLE_OK else { return .failure(error(result)) }
        // libcurl reports success when the connection closes within the header fields.
        guard hasAllHeaders else {
            return .failure(HTTPError(.interrupted, request.name, "the connection closed before the answer was whole"))
        }
        return .success(response(body))
    }

    func response(_ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: body, url: request.url)
    }
}
