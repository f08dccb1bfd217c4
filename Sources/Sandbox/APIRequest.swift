import ByteText
import Hashing
import JSON

/// A request to the API, with its complete body.
struct APIRequest: Sendable {
    let method: String
    /// The components of the path, percent-decoded.
    let path: [String]
    /// The query's values; of several values for one name the last.
    let query: [String: String]
    /// The `x-api-key` header.
    let apiKey: String?
    let body: [UInt8]

    /// Parses the target of a request line.
    init(method: String, target: String, apiKey: String?, body: [UInt8]) {
        let parts = target.split(byte: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        path = (parts.first ?? "").split(byte: "/").map { Self.decoded($0) }
        var query: [String: String] = [:]
        for pair in parts.dropFirst().first?.split(byte: "&") ?? [] {
            let sides = pair.split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[Self.decoded(sides[0])] = sides.count == 2 ? Self.decoded(sides[1]) : ""
        }
        self.query = query
        self.apiKey = apiKey
        self.body = body
    }

    private static func decoded(_ text: Substring) -> String {
        String(decoding: PercentEncoding.decode(text, plusIsSpace: true), as: UTF8.self)
    }
}
