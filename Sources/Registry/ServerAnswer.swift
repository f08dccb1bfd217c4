import HTTP
import JSON
import Secrets

/// A registry's error response as one line of text.
///
/// The specification defines `errors` with a code, a message and a detail of any JSON type, but proxies in front of a
/// registry answer with HTML.
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>.
struct ServerAnswer: CustomStringConvertible {
    let response: HTTPResponse
    /// The registry's error codes, such as `BLOB_UPLOAD_UNKNOWN`.
    let codes: [String]
    private let text: String

    init(_ response: HTTPResponse, hiding secrets: [Secret] = []) {
        self.response = response
        codes = (try? JSONValue(parsing: response.body))?["errors"]?.array?.compactMap { $0["code"]?.string } ?? []
        text = Scrubber(secrets).scrubbed(response.words)
    }

    /// For example `401 Unauthorized: authentication required (UNAUTHORIZED)`.
    var description: String {
        let status = "\(response.status) \(Self.names[response.status] ?? "")".trimmed
        return text.isEmpty ? status : "\(status): \(text)"
    }

    private static let names = [
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        408: "Request Timeout", 409: "Conflict", 411: "Length Required", 412: "Precondition Failed",
        413: "Payload Too Large", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
        429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
        503: "Service Unavailable", 504: "Gateway Timeout", 507: "Insufficient Storage",
    ]
}

extension String {
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
