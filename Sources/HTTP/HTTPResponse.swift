/// What a server answered.
package struct HTTPResponse: Sendable {
    /// The status, 200 to 599.
    package let status: Int
    /// The fields of the final answer.
    package let headers: HTTPHeaders
    /// The body, empty where it was handed on as it came.
    package let body: [UInt8]
    /// Where the answer came from after redirects.
    package let url: HTTPURL

    /// True for 200 to 299.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The body as text, at most a few hundred characters on one line, for an error.
    package var excerpt: String {
        let text = String(decoding: body.prefix(400), as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

/// Where the body of a successful answer goes while it arrives; called from the transfer thread, which it must not hold.
package protocol HTTPBodySink: AnyObject, Sendable {
    /// The answer's status and fields, before any of its body; called again when the request is repeated.
    func begin(_ response: HTTPResponse) throws
    /// The next bytes, lent.
    func receive(_ bytes: UnsafeRawBufferPointer) throws
}
