/// The first lines of an HTTP/1 request, read strictly: what two servers could understand in two ways is refused.
///
/// <https://www.rfc-editor.org/rfc/rfc9112>
struct RequestHead: Sendable, Hashable {
    /// A longer head is refused.
    static let longest = 64 << 10

    struct Field: Sendable, Hashable {
        let name: String
        let value: String
    }

    let method: String
    /// As it was sent: path and query.
    let target: String
    let version: String
    let fields: [Field]

    /// Reads a head without its final empty line; nil for what is none.
    init?(_ bytes: some Sequence<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        guard !lines.isEmpty, !text.utf8.contains(0) else { return nil }
        let first = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard first.count == 3, Self.isToken(first[0]), first[1].utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
            first[1].hasPrefix("/") || first[1] == "*", first[2] == "HTTP/1.1" || first[2] == "HTTP/1.0"
        else { return nil }
        var fields: [Field] = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), Self.isToken(line[..<colon]) else { return nil }
            let value = line[line.index(after: colon)...]
            guard value.utf8.allSatisfy({ ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }) else { return nil }
            fields.append(Field(name: String(line[..<colon]), value: Self.trimmed(value)))
        }
        method = String(first[0])
        target = String(first[1])
        version = String(first[2])
        self.fields = fields
        guard hasOneLength else { return nil }
    }

    /// Two lengths, or a length and chunks, are how one request is smuggled behind another.
    private var hasOneLength: Bool {
        let lengths = values("Content-Length")
        let codings = values("Transfer-Encoding")
        if lengths.count > 1 || codings.count > 1 || (!lengths.isEmpty && !codings.isEmpty) { return false }
        if let coding = codings.first, coding.lowercased() != "chunked" { return false }
        if let length = lengths.first {
            return !length.isEmpty && length.utf8.allSatisfy { (48...57).contains($0) } && Int64(length) != nil
        }
        return true
    }

    /// The path without the query.
    var path: String { String(target.prefix { $0 != "?" }) }

    /// One parameter of the query, as it was sent.
    func parameter(_ name: String) -> String? {
        target.split(separator: "?", maxSplits: 1).dropFirst().first?.split(separator: "&").first {
            $0.hasPrefix(name + "=")
        }.map { String($0.dropFirst(name.count + 1)) }
    }

    func values(_ name: String) -> [String] {
        let wanted = name.lowercased()
        return fields.filter { $0.name.lowercased() == wanted }.map(\.value)
    }

    /// True where the client wants to speak something else on this connection, such as WebSocket.
    var wantsUpgrade: Bool {
        !values("Upgrade").isEmpty
            && values("Connection").contains { value in
                value.split(separator: ",").contains { Self.trimmed($0).lowercased() == "upgrade" }
            }
    }

    private static func isToken(_ text: Substring) -> Bool {
        let others = "!#$%&'*+-.^_`|~".utf8
        return !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || others.contains(byte)
            }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
