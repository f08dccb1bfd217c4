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
        let document = try? JSONValue(parsing: response.body)
        let errors = document?["errors"]?.array ?? []
        codes = errors.compactMap { $0["code"]?.string }
        let said =
            errors.isEmpty
            ? Self.plain(document, response) : errors.prefix(3).map(Self.words).joined(separator: "; ")
        text = Scrubber(secrets).scrubbed(said)
    }

    /// `401 Unauthorized: authentication required (UNAUTHORIZED)`.
    var description: String {
        let status = "\(response.status) \(Self.names[response.status] ?? "")".trimmed
        return text.isEmpty ? status : "\(status): \(text)"
    }

    private static func words(_ error: JSONValue) -> String {
        let code = error["code"]?.string.map(oneLine) ?? "no code"
        let message = error["message"]?.string.map(oneLine) ?? ""
        let detail = error["detail"]?.string.map(oneLine) ?? ""
        let words = [message, detail == message ? "" : detail].filter { !$0.isEmpty }.joined(separator: ": ")
        return words.isEmpty ? code : "\(words) (\(code))"
    }

    /// The words of a body in another form: a token server's JSON, a proxy's HTML, or plain text.
    private static func plain(_ document: JSONValue?, _ response: HTTPResponse) -> String {
        for name in ["error_description", "details", "message", "error"] {
            if let words = document?[name]?.string { return oneLine(words) }
        }
        guard document == nil else { return oneLine(response.excerpt) }
        var isTag = false
        let visible = String(decoding: response.body.prefix(4096), as: UTF8.self).map { character -> Character in
            defer { if character == ">" { isTag = false } }
            if character == "<" { isTag = true }
            return isTag ? " " : character
        }
        return oneLine(String(visible))
    }

    private static func oneLine(_ text: String) -> String {
        let words = text.split {
            $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
        }
        return String(words.joined(separator: " ").prefix(300))
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
