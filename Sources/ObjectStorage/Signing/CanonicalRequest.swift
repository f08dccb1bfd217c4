import HTTP
import Hashing

/// The canonical request, which both sides compute and sign.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request>
struct CanonicalRequest {
    typealias QueryItem = (name: [UInt8], value: [UInt8])

    let text: String
    /// The names of the signed headers.
    let signedHeaders: String

    init(
        _ method: String, _ url: HTTPURL, _ headers: HTTPHeaders, query: [QueryItem], bodyHash: String,
        rules: SigV4Signer.Rules
    ) {
        let fields = Self.fields(url, headers)
        signedHeaders = fields.map(\.name).joined(separator: ";")
        let lines = fields.map { "\($0.name):\($0.value)\n" }.joined()
        text = [method, Self.path(url.path, rules), Self.text(query), lines, signedHeaders, bodyHash]
            .joined(separator: "\n")
    }

    static func signedHeaders(_ url: HTTPURL, _ headers: HTTPHeaders) -> String {
        fields(url, headers).map(\.name).joined(separator: ";")
    }

    /// Returns the canonical query: encoded and sorted items.
    static func text(_ query: [QueryItem]) -> String {
        query.map { (PercentEncoding.encode($0.name, false), PercentEncoding.encode($0.value, false)) }
            .sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Headers that proxies add or change, which must not be signed; Cloudflare rewrites Accept-Encoding.
    private static let unsigned: Set<String> = [
        "accept-encoding", "authorization", "connection", "expect", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    private static func fields(_ url: HTTPURL, _ headers: HTTPHeaders) -> [(name: String, value: String)] {
        var values = ["host": [url.authority]]
        for field in headers.fields {
            let name = field.name.lowercased()
            guard !unsigned.contains(name), name != "host" else { continue }
            values[name, default: []].append(
                field.value.split(whereSeparator: \.isWhitespace).joined(separator: " "))
        }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.joined(separator: ",")) }
    }

    private static func path(_ path: String, _ rules: SigV4Signer.Rules) -> String {
        let resolved = rules.normalizesPath ? normalized(path) : path
        return rules.encodesPathTwice ? PercentEncoding.encode(resolved, keepingSlash: true) : resolved
    }

    private static func normalized(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") {
            switch segment {
            case ".": continue
            case "..": _ = segments.popLast()
            default: segments.append(segment)
            }
        }
        guard !segments.isEmpty else { return "/" }
        return "/" + segments.joined(separator: "/") + (path.hasSuffix("/") ? "/" : "")
    }
}

extension HTTPURL {
    /// The query's items, decoded.
    var queryItems: [CanonicalRequest.QueryItem] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (PercentEncoding.decode(parts[0]), parts.count > 1 ? PercentEncoding.decode(parts[1]) : [])
        }
    }
}
