/// The answer of a server.
package struct HTTPResponse: Sendable {
    /// The status, 200 to 599.
    package let status: Int
    /// The header fields of the final answer.
    package let headers: HTTPHeaders
    /// The body; empty where it was passed to a sink.
    package let body: [UInt8]
    /// The URL that answered, after redirects.
    package let url: HTTPURL

    /// True for 200 to 299.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The first 400 bytes of the body as text on one line, for error messages.
    package var excerpt: String {
        let text = String(decoding: body.prefix(400), as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

/// A receiver of a successful answer's body as it arrives; called on the transfer thread, which it must not block.
package protocol HTTPBodySink: AnyObject, Sendable {
    /// Called with the status and header fields before any of the body, and again when the request is repeated.
    func begin(_ response: HTTPResponse) throws
    /// Called with the next bytes, which are only valid during the call.
    func receive(_ bytes: UnsafeRawBufferPointer) throws
}
