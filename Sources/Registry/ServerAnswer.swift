import HTTP
import JSON
import Secrets

/// What a registry says when it refuses, on one line.
///
/// Documented are `errors` with code, message and a detail that may be any JSON, but proxies in front answer HTML.
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>.
struct ServerAnswer: CustomStringConvertible {
    let response: HTTPResponse
    /// The registry's own codes, as `BLOB_UPLOAD_UNKNOWN`.
    let codes: [String]
    private let text: String

    init(_ response: HTTPResponse, hiding secrets: [Secret] = []) {
        self.response = response
        codes = (try? JSONValue(parsing: response.body))?["errors"]?.array?.compactMap { $0["code"]?.string } ?? []
        text = Scrubber(secrets).scrubbed(response.words)
    }

    /// `401 Unauthorized: authentication required (UNAUTHORIZED)`.
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
