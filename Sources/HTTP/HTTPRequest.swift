package import POSIX
package import SystemPackage

/// A request to a server.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: HTTPURL
    /// The header fields besides Host and Content-Length.
    package var headers: HTTPHeaders
    /// The body; it can be sent again from its beginning at any time, except for a growing file.
    package var body: HTTPBody
    /// True where up to five redirects are followed.
    ///
    /// The default is true for GET and HEAD. A write follows only 307 and 308, and only if its body can be sent again.
    /// Authorization is sent only to the same scheme, host and port, but the body is sent to every target: it must not
    /// contain secrets.
    package var followsRedirects: Bool
    /// The seconds without a byte in either direction after which the request is given up.
    package var stallSeconds: Int
    /// True where sending the request again would do harm once a part of the first one has arrived.
    ///
    /// Otherwise libcurl silently resends a request on a new connection when a kept one turns out to be dead.
    package var isSentOnce = false
    /// True where another machine provided the URL: then the connected address is checked too.
    var isReferred = false
    /// Called on the transfer thread with the number of body bytes sent so far.
    package var onUpload: (@Sendable (Int64) -> Void)?

    /// Creates a request; without `body` it has none.
    package init(_ method: String, _ url: HTTPURL, headers: HTTPHeaders = [:], body: HTTPBody = .empty) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        followsRedirects = method == "GET" || method == "HEAD"
        stallSeconds = 60
    }

    /// True for a long piece of a file, which another thread may send again from its beginning.
    var isLongFile: Bool {
        guard case .file(_, _, let length) = body else { return false }
        return length > 1 << 20 && !isSentOnce
    }

    /// Method and URL without query, as errors name the request.
    package var name: String { "\(method) \(url)" }
}

/// A request's body; only a growing file is sent in chunks, since its length is not known yet.
package enum HTTPBody: Sendable {
    /// No body, with `Content-Length: 0` where the method may have one.
    case empty
    /// Bytes in memory.
    case bytes([UInt8])
    /// A range of a file, read with pread while it is sent.
    case file(BodyFile, offset: Int64, length: Int64)
    /// A whole file that is still being written, read as it grows.
    case growing(GrowingFile)

    /// The length in bytes; nil where it is not known yet.
    package var length: Int64? {
        switch self {
        case .empty: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, _, let length): length
        case .growing: nil
        }
    }
}

/// An open file that several requests may read at once.
package final class BodyFile: Sendable {
    private let file: File

    package init(_ path: FilePath) throws(POSIXError) { file = try File(path, .read) }

    package func status() throws(POSIXError) -> FileStatus { try file.status() }

    package var path: FilePath { file.path }

    /// Reads at most as many bytes as fit, from an offset; returns 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    /// Drops a range that is not read again from the page cache.
    package func dropCache(offset: Int64, length: Int64) { file.dropCache(offset: offset, length: length) }
}
