private import CLibCurl

/// The versions of the HTTP and TLS libraries.
package enum LibraryVersions {
    /// libcurl's own text, such as `libcurl/7.88.1 OpenSSL/3.0.19`.
    package static var text: String { String(cString: curl_version()) }
}
