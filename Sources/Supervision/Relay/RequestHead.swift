/// The head of an HTTP/1 request, parsed strictly: refuses what two servers could interpret differently.
///
/// <https://www.rfc-editor.org/rfc/rfc9112>
struct RequestHead: Sendable, Hashable {
    /// Maximum length in bytes; longer heads are refused.
    static let longest = 16 << 10

    let method: String
    /// The path and query as sent.
    let target: String
    let version: String
    let fields: [HeadField]

    /// Parses a head without its final empty line; returns nil for an invalid one.
    init?(_ bytes: some Sequence<UInt8>) {
        guard let lines = Self.lines(Array(bytes)), let first = lines.first else { return nil }
        let parts = first.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, FieldSyntax.isToken(parts[0]), Self.isTarget(parts[1]) else { return nil }
        method = String(decoding: parts[0], as: UTF8.self)
        target = String(decoding: parts[1], as: UTF8.self)
        version = String(decoding: parts[2], as: UTF8.self)
        var fields: [HeadField] = []
        for line in lines.dropFirst() {
            guard let field = HeadField(line: line) else { return nil }
            fields.append(field)
        }
        self.fields = fields
        guard ["HTTP/1.1", "HTTP/1.0"].contains(version), hasKnownForm, hasOneLength, hasOneHost else { return nil }
    }

    /// Splits at CRLF; returns nil for a CR or LF alone, which some servers treat as a line end.
    private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>]? {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            if bytes[index] == FieldSyntax.lineFeed { return nil }
            guard bytes[index] == FieldSyntax.carriageReturn else {
                index += 1
                continue
            }
            guard index + 1 < bytes.count, bytes[index + 1] == FieldSyntax.lineFeed else { return nil }
            lines.append(bytes[start..<index])
            index += 2
            start = index
        }
        lines.append(bytes[start...])
        return lines
    }

    /// Returns true for visible ASCII without a fragment: a server that removes the fragment sees another path.
    private static func isTarget(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
    }

    /// True for a path, or `*` for the whole server; a proxy's absolute form and CONNECT are not supported.
    private var hasKnownForm: Bool {
        if method == "CONNECT" { return false }
        return target.utf8.first == UInt8(ascii: "/") || (target == "*" && method == "OPTIONS")
    }

    /// False for two lengths, or a length with chunks, which are used to smuggle one request behind another.
    private var hasOneLength: Bool {
        let lengths = values("Content-Length")
        let codings = values("Transfer-Encoding")
        if lengths.count > 1 || codings.count > 1 || (!lengths.isEmpty && !codings.isEmpty) { return false }
        if let coding = codings.first {
            // HTTP/1.0 has no chunks: one server reads them, another treats them as the next request.
            return FieldSyntax.isSame(coding.utf8, "chunked") && version == "HTTP/1.1"
        }
        if let length = lengths.first {
            return !length.isEmpty && length.utf8.allSatisfy { (48...57).contains($0) } && Int64(length) != nil
        }
        return true
    }

    /// True for exactly one host, a name or address with or without a port.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9112#section-3.2>
    private var hasOneHost: Bool {
        let hosts = fields.named("Host")
        guard let host = hosts.first else { return version == "HTTP/1.0" }
        return hosts.count == 1 && Self.isHost(host.bytes)
    }

    private static func isHost(_ bytes: [UInt8]) -> Bool {
        var port: ArraySlice<UInt8>?
        var name = bytes[...]
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), end > 1 else { return false }
            name = bytes[1..<end]
            guard name.allSatisfy({ isNameCharacter($0) || $0 == UInt8(ascii: ":") }) else { return false }
            let rest = bytes[(end + 1)...]
            if let first = rest.first {
                guard first == UInt8(ascii: ":") else { return false }
                port = rest.dropFirst()
            }
        } else {
            if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
                name = bytes[..<colon]
                port = bytes[(colon + 1)...]
            }
            guard name.allSatisfy(isNameCharacter), !name.isEmpty || port == nil else { return false }
        }
        return port?.allSatisfy { (48...57).contains($0) } ?? true
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        // The grammar also allows a comma, but it results from joining two fields.
        default: "-._~%!$&'()*+;=".utf8.contains(byte)
        }
    }

    var path: String { String(target.prefix { $0 != "?" }) }

    /// Returns one parameter of the query as sent.
    func parameter(_ name: String) -> String? {
        target.split(separator: "?", maxSplits: 1).dropFirst().first?.split(separator: "&").first {
            $0.hasPrefix(name + "=")
        }.map { String($0.dropFirst(name.count + 1)) }
    }

    func values(_ name: String) -> [String] { fields.named(name).map(\.value) }

    /// True if the client requests WebSocket; no other upgrade is forwarded.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
    var wantsWebSocket: Bool {
        let protocols = fields.named("Upgrade").flatMap(\.members)
        return method == "GET" && version == "HTTP/1.1" && protocols.count == 1
            && FieldSyntax.isSame(protocols[0], "websocket") && fields.lists("upgrade", in: "Connection")
            && values("Transfer-Encoding").isEmpty && (values("Content-Length").first.map { Int64($0) == 0 } ?? true)
    }

    /// True for a browser's CORS preflight request, which never contains credentials.
    ///
    /// <https://fetch.spec.whatwg.org/#cors-preflight-request>
    var isPreflight: Bool {
        method == "OPTIONS" && values("Origin").count == 1 && values("Access-Control-Request-Method").count == 1
            && values("Transfer-Encoding").isEmpty && (values("Content-Length").first.map { Int64($0) == 0 } ?? true)
    }

    /// True if the client uses TLS up to a proxy in front of PID 1.
    var cameByTLS: Bool {
        let said = values("X-Forwarded-Proto").first?.split(separator: ",").first.map { $0.filter { $0 != " " } }
        return said?.lowercased() == "https"
    }
}
