import CLibCurl
private import POSIX
import Synchronization

/// One request on its way through libcurl.
///
/// Made by a task, then touched by the engine's thread alone until `onEnd` hands the result back, but for what is atomic;
/// that order makes the unchecked conformance true.
final class Transfer: @unchecked Sendable {
    let request: HTTPRequest
    let configuration: HTTPClient.Configuration
    let certificates: HTTPCertificates
    let sink: (any HTTPBodySink)?
    let limit: Int
    private let bandwidth: Bandwidth
    /// True where the thread that has it tells nobody how far it is, but whoever lent it to that thread.
    let isLent: Bool
    /// Bytes of the body, for whoever lent it.
    let sentSoFar = Atomic<Int64>(0)
    private let abandoned = Atomic(false)
    private let sharesBandwidth = Atomic(false)
    var onEnd: ((Result<HTTPResponse, HTTPError>) -> Void)?
    /// Lets the engine ask again for what there was nothing of to send.
    var wake: @Sendable () -> Void = {}

    var handle: UnsafeMutableRawPointer?
    var isCancelled = false
    var list: UnsafeMutablePointer<curl_slist>?
    var sent: Int64 = 0
    var status = 0
    var headers = HTTPHeaders()
    var body: [UInt8] = []
    var hasBegun = false
    /// True once the empty line after the fields has come.
    var hasAllHeaders = false
    /// The bytes a second that libcurl was told, 0 for no limit.
    var speed: Int64 = 0
    /// Why a callback told libcurl to stop.
    var failure: HTTPError?
    /// Where libcurl's callback notes that it refused an address.
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

    /// True for what may move so much that the bandwidth's limit is meant for it.
    var isLong: Bool { sink != nil || request.body.length ?? .max > 1 << 20 }

    /// True where nobody waits for it any more, wherever its thread is with it: not one byte more is sent then.
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

    /// Ends the transfer with what libcurl says, exactly once.
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
        // libcurl takes a connection that closes among the fields for the end of the answer.
        guard hasAllHeaders else {
            return .failure(HTTPError(.interrupted, request.name, "the connection closed before the answer was whole"))
        }
        return .success(response(body))
    }

    func response(_ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: body, url: request.url)
    }
}
