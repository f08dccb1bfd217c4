private import CLibCurl

/// What HTTP and TLS are spoken with.
package enum LibraryVersions {
    /// `libcurl/7.88.1 OpenSSL/3.0.19`, as libcurl says it.
    package static var text: String { String(cString: curl_version()) }
}
