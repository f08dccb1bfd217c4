import CLibCurl
private import POSIX

/// One request on its way through libcurl.
///
/// Made by a task, then touched by the engine's thread alone until `onEnd` hands the result back; that order makes
/// the unchecked conformance true.
final class Transfer: @unchecked Sendable {
    let request: HTTPRequest
    let configuration: HTTPClient.Configuration
    let sink: (any HTTPBodySink)?
    let limit: Int
    var onEnd: ((Result<HTTPResponse, HTTPError>) -> Void)?

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
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(
        _ request: HTTPRequest, configuration: HTTPClient.Configuration, sink: (any HTTPBodySink)?, limit: Int
    ) {
        self.request = request
        self.configuration = configuration
        self.sink = sink
        self.limit = limit
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        if let handle { curl_easy_cleanup(handle) }
        curl_slist_free_all(list)
        errorText.deallocate()
    }

    /// True for what may move so much that the bandwidth's limit is meant for it.
    var isLong: Bool { sink != nil || request.body.length > 1 << 20 }

    /// Ends the transfer with what libcurl says, exactly once.
    func finish(_ result: CURLcode) {
        guard let onEnd else { return }
        self.onEnd = nil
        if let handle { curl_easy_cleanup(handle) }
        handle = nil
        onEnd(outcome(result))
    }

    private func outcome(_ result: CURLcode) -> Result<HTTPResponse, HTTPError> {
        if isCancelled { return .failure(HTTPError(.cancelled, request.name, "cancelled")) }
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

    private func error(_ result: CURLcode) -> HTTPError {
        let code: HTTPError.Code =
            switch result {
            case CURLE_COULDNT_RESOLVE_HOST: .unknownHost
            case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_PROXY: .connectionFailed
            case CURLE_OPERATION_TIMEDOUT: .stalled
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
                CURLE_SSL_CERTPROBLEM:
                .tls
            case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND:
                .interrupted
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL: .invalidResponse
            default: .other
            }
        let detail = String(cString: errorText)
        return HTTPError(code, request.name, detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail)
    }
}
