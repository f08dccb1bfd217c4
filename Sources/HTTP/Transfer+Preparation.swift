private import CLibCurl
private import POSIX
private import SystemPackage

/// The setup of the easy handle. <https://curl.se/libcurl/c/curl_easy_setopt.html>
extension Transfer {
    /// Creates the handle; returns nil where that failed, after ending the transfer.
    func prepare() -> UnsafeMutableRawPointer? {
        guard let handle = curl_easy_init() else {
            finish(CURLE_OUT_OF_MEMORY)
            return nil
        }
        self.handle = handle
        setAddress(handle)
        setCertificates(handle)
        setLimits(handle)
        setHeaders(handle)
        setBody(handle)
        setCallbacks(handle)
        return handle
    }

    private func setAddress(_ handle: UnsafeMutableRawPointer) {
        _ = caas_curl_set_string(handle, CURLOPT_URL, request.url.text)
        _ = caas_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // Keys and upload URLs contain dots and double slashes that are part of their names.
        _ = caas_curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        _ = caas_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        _ = caas_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        // A name may resolve to this machine, and an address has many spellings. With a proxy the address is only the
        // proxy's.
        if request.isReferred, !Self.hasProxy { caas_curl_refuse_own_addresses(handle, refusedAddress) }
        // A loopback address is never reached through a proxy.
        if request.url.isLoopback { _ = caas_curl_set_string(handle, CURLOPT_NOPROXY, "*") }
        // libcurl reads only http_proxy, because HTTP_PROXY can be set by a request in a CGI program; other clients
        // read both.
        if request.url.scheme == "http", !request.url.isLoopback, ProcessEnvironment.value("http_proxy") == nil,
            ProcessEnvironment.value("REQUEST_METHOD") == nil, let proxy = ProcessEnvironment.value("HTTP_PROXY"),
            !proxy.isEmpty
        {
            _ = caas_curl_set_string(handle, CURLOPT_PROXY, proxy)
        }
        // Our header fields are for the server alone, and the proxy's are not the server's. The first is libcurl's
        // default too.
        _ = caas_curl_set_long(handle, CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        _ = caas_curl_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    private static var hasProxy: Bool {
        ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].contains {
            ProcessEnvironment.value($0)?.isEmpty == false
        }
    }

    private func setCertificates(_ handle: UnsafeMutableRawPointer) {
        // OpenSSL prefers AES-256, and servers accept the first offer; AES-128 needs less processor time.
        // <https://www.rfc-editor.org/rfc/rfc8446#section-9.1>
        _ = caas_curl_set_string(
            handle, CURLOPT_TLS13_CIPHERS,
            "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
        if let bytes = certificates.authorityBytes {
            bytes.withUnsafeBytes { _ = caas_curl_set_blob(handle, CURLOPT_CAINFO_BLOB, $0.baseAddress, $0.count) }
        } else if let file = certificates.authorities {
            _ = caas_curl_set_string(handle, CURLOPT_CAINFO, file.string)
        }
        guard let client = certificates.client else { return }
        _ = caas_curl_set_string(handle, CURLOPT_SSLCERT, client.string)
        _ = caas_curl_set_string(handle, CURLOPT_SSLKEY, (certificates.clientKey ?? client).string)
    }

    private func setLimits(_ handle: UnsafeMutableRawPointer) {
        _ = caas_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = caas_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT, configuration.connectSeconds)
        _ = caas_curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
        _ = caas_curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, request.stallSeconds)
        _ = caas_curl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        _ = caas_curl_set_long(handle, CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        _ = caas_curl_set_long(handle, CURLOPT_BUFFERSIZE, 128 << 10)
    }

    private func setHeaders(_ handle: UnsafeMutableRawPointer) {
        // libcurl sends "Expect: 100-continue" before a long body; R2 never answers it, which costs a second per part.
        var lines = ["Expect:", "User-Agent: \(configuration.userAgent)"]
        // libcurl drops a field with an empty value unless it is written with a semicolon.
        lines += request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
        if request.headers["Accept"] == nil { lines.append("Accept: */*") }
        for line in lines { list = curl_slist_append(list, line) }
        _ = caas_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
    }

    private func setBody(_ handle: UnsafeMutableRawPointer) {
        let hasBody = ["PUT", "POST", "PATCH"].contains(request.method) || request.body.length != 0
        if hasBody {
            _ = caas_curl_set_long(handle, CURLOPT_UPLOAD, 1)
            _ = caas_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, Int(request.body.length ?? -1))
        } else if request.method == "HEAD" {
            _ = caas_curl_set_long(handle, CURLOPT_NOBODY, 1)
        }
        _ = caas_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
        // A request with a body takes effect only once its body was read, and then the seek callback refuses a resend.
        // A request without one takes effect as soon as it arrives, so it must not use a kept connection, which libcurl
        // might replace.
        if request.isSentOnce, request.body.length == 0 { _ = caas_curl_set_long(handle, CURLOPT_FRESH_CONNECT, 1) }
    }

    private func setCallbacks(_ handle: UnsafeMutableRawPointer) {
        // The engine keeps the transfer alive as long as the handle is in use.
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = caas_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        _ = caas_curl_set_pointer(handle, CURLOPT_READDATA, context)
        _ = caas_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        _ = caas_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        _ = caas_curl_set_pointer(handle, CURLOPT_SEEKDATA, context)
        _ = caas_curl_set_data_callback(handle, CURLOPT_READFUNCTION) { data, size, count, context in
            guard let data, let context else { return Int(CURL_READFUNC_ABORT) }
            let buffer = UnsafeMutableRawBufferPointer(start: data, count: size * count)
            return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().read(into: buffer)
        }
        _ = caas_curl_set_data_callback(handle, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            guard let data, let context else { return 0 }
            let buffer = UnsafeRawBufferPointer(start: data, count: size * count)
            return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().write(buffer)
        }
        _ = caas_curl_set_data_callback(handle, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            guard let data, let context else { return 0 }
            let buffer = UnsafeRawBufferPointer(start: data, count: size * count)
            Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().header(buffer)
            return size * count
        }
        _ = caas_curl_set_seek_callback(handle) { context, offset, origin in
            guard let context, origin == SEEK_SET else { return Int32(CURL_SEEKFUNC_FAIL) }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            guard !transfer.request.isSentOnce || transfer.sent == 0 else { return Int32(CURL_SEEKFUNC_FAIL) }
            transfer.sent = Int64(offset)
            return Int32(CURL_SEEKFUNC_OK)
        }
    }
}
