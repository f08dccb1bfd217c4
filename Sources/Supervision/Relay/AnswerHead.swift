/// The head of the model's response, rewritten for the client: one response per connection, with nothing after it.
struct AnswerHead: Sendable, Hashable {
    /// Maximum length in bytes; longer heads are refused.
    static let longest = 64 << 10

    let status: Int
    /// The reason phrase of the status line.
    let reason: [UInt8]
    let version: String
    let fields: [HeadField]

    /// Parses a head without its final empty line; a line may end with LF alone, as some simple servers write it.
    init?(_ bytes: some Sequence<UInt8>) {
        var lines = Array(bytes).split(separator: FieldSyntax.lineFeed, omittingEmptySubsequences: false).map { line in
            line.last == FieldSyntax.carriageReturn ? line.dropLast() : line
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard let first = lines.first else { return nil }
        let parts = first.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[1].count == 3, parts[1].allSatisfy({ (48...57).contains($0) }),
            let status = Int(String(decoding: parts[1], as: UTF8.self)), status >= 100
        else { return nil }
        version = String(decoding: parts[0], as: UTF8.self)
        reason = parts.count == 3 ? Array(parts[2]) : []
        guard ["HTTP/1.1", "HTTP/1.0"].contains(version), reason.allSatisfy(FieldSyntax.isValueCharacter) else {
            return nil
        }
        self.status = status
        var fields: [HeadField] = []
        for line in lines.dropFirst() {
            guard let field = HeadField(line: line) else { return nil }
            fields.append(field)
        }
        self.fields = fields
    }

    /// True for an interim response. <https://www.rfc-editor.org/rfc/rfc9110#section-15.2>
    var isInterim: Bool { (100..<200).contains(status) && status != 101 }

    /// True if the model switches to WebSocket.
    var isWebSocket: Bool { status == 101 && fields.lists("websocket", in: "Upgrade") }

    /// The head's bytes for the client.
    var relayed: [UInt8] {
        var relayed = fields.endToEnd
        if fields.named("Transfer-Encoding").isEmpty == false {
            // Chunked coding overrides Content-Length. <https://www.rfc-editor.org/rfc/rfc9112#section-6.3>
            relayed.removeAll { $0.isNamed("Content-Length") }
        }
        if isWebSocket {
            relayed.append(HeadField("Upgrade", "websocket".utf8))
            relayed.append(HeadField("Connection", "Upgrade".utf8))
        } else if !isInterim {
            relayed.append(HeadField("Connection", "close".utf8))
        }
        var bytes = Array("\(version) \(status) ".utf8)
        bytes += reason
        bytes += "\r\n".utf8
        bytes += relayed.lines
        bytes += "\r\n".utf8
        return bytes
    }
}
