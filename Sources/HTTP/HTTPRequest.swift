package import POSIX
package import SystemPackage

/// What is asked of a server.
package struct HTTPRequest: Sendable {
    /// The method, as `GET`.
    package var method: String
    /// Where it goes.
    package var url: HTTPURL
    /// The fields that are sent besides Host and Content-Length.
    package var headers: HTTPHeaders
    /// What is sent; it can be sent again from its beginning at any time, but for a growing file.
    package var body: HTTPBody
    /// True where an answer that names another place is followed, up to five times; of what writes only 307 and 308 are,
    /// which send the same there, and only where the body can be sent again.
    ///
    /// GET and HEAD do so unless told otherwise. Authorization goes along only to the same scheme, host and port, but the
    /// body does too: no secret may be in it.
    package var followsRedirects: Bool
    /// Seconds without a byte in either direction after which the request is given up.
    package var stallSeconds: Int
    /// True where a second sending would do harm once a part of the first has arrived.
    ///
    /// Otherwise a connection that was kept open and turns out to be dead is replaced without a word, as libcurl does.
    package var isSentOnce = false
    /// True where another machine named the place: then it is judged by the address that is connected to, too.
    var isReferred = false
    /// Called from the transfer thread with the number of body bytes sent so far.
    package var onUpload: (@Sendable (Int64) -> Void)?

    /// A request with no body.
    package init(_ method: String, _ url: HTTPURL, headers: HTTPHeaders = [:], body: HTTPBody = .empty) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        followsRedirects = method == "GET" || method == "HEAD"
        stallSeconds = 60
    }

    /// True for a piece of a file that takes a while, and that may be sent again from its beginning by another thread.
    var isLongFile: Bool {
        guard case .file(_, _, let length) = body else { return false }
        return length > 1 << 20 && !isSentOnce
    }

    /// Method and URL without query, as errors name it.
    package var name: String { "\(method) \(url)" }
}

/// What a request sends; only a growing file is sent in chunks, since nobody knows its length.
package enum HTTPBody: Sendable {
    /// Nothing, with `Content-Length: 0` where the method may have a body.
    case empty
    /// Bytes that are all there.
    case bytes([UInt8])
    /// A part of a file, read with pread while it is sent.
    case file(BodyFile, offset: Int64, length: Int64)
    /// All of a file that is still being written, which is read as it grows.
    case growing(GrowingFile)

    /// Bytes, nil where nobody knows yet how many.
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

    /// Opens a file to be sent.
    package init(_ path: FilePath) throws(POSIXError) { file = try File(path, .read) }

    /// What the file is now.
    package func status() throws(POSIXError) -> FileStatus { try file.status() }

    /// Where it was opened.
    package var path: FilePath { file.path }

    /// Reads at most as much as fits, from an offset; 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    /// Lets the kernel forget a range that is not read again.
    package func dropCache(offset: Int64, length: Int64) { file.dropCache(offset: offset, length: length) }
}
