import CLibCurl

/// Translation of libcurl's results into errors.
extension Transfer {
    /// Returns the error for a result other than CURLE_OK; must be called before the handle is freed.
    func error(_ result: CURLcode) -> HTTPError {
        if refusedAddress.pointee != 0 {
            return HTTPError(
                .invalidURL, request.name, "it was redirected to this machine, where nobody else may send it")
        }
        let text = String(cString: errorText)
        let detail = text.isEmpty ? String(cString: curl_easy_strerror(result)) : text
        // This check comes first: a proxy's answer is not the server's.
        let answer = number(CURLINFO_HTTP_CONNECTCODE)
        if answer != 0, !(200..<300).contains(answer) {
            return HTTPError(
                .proxyRefused, request.name, "the proxy answered \(answer) to CONNECT \(request.url.authority)")
        }
        if let problem = tlsProblem(result, detail) {
            let reason = problem.reason(request.url)
            var error = HTTPError(.tls, request.name, problem == .unusableFile ? "\(reason): \(detail)" : reason)
            error.tlsProblem = problem
            return error
        }
        return HTTPError(
            Self.code(result), request.name, detail + (isRightAfterHandshake(result) ? Self.rejection : ""))
    }

    /// With TLS 1.3, a server that refuses our certificate may close the connection before its alert is read.
    private static let rejection = ", right after the handshake, as by a server that wants another client certificate"

    private func isRightAfterHandshake(_ result: CURLcode) -> Bool {
        [CURLE_SEND_ERROR, CURLE_RECV_ERROR].contains(result) && request.url.scheme == "https" && status == 0
            && sent == 0 && number(CURLINFO_NUM_CONNECTS) == 1
    }

    private static func code(_ result: CURLcode) -> HTTPError.Code {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST: .unknownHost
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_PROXY: .connectionFailed
        case CURLE_OPERATION_TIMEDOUT: .stalled
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM:
            .tls
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND:
            .interrupted
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL: .invalidResponse
        default: .other
        }
    }

    private func tlsProblem(_ result: CURLcode, _ detail: String) -> TLSProblem? {
        switch result {
        case CURLE_PEER_FAILED_VERIFICATION: TLSProblem(verification: number(CURLINFO_SSL_VERIFYRESULT))
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE: .unusableFile
        // With TLS 1.3, a server's request for a certificate fails only when the first bytes are sent or read.
        case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            TLSProblem(openSSL: detail, hasClientCertificate: certificates.client != nil)
        default: nil
        }
    }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        guard let handle, caas_curl_get_long(handle, info, &value) == CURLE_OK else { return 0 }
        return value
    }
}
