import ByteText
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

    /// Decodes percent-encoding, and `+` as a space, as in HTML forms.
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
