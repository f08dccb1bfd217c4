/// The character classes of HTTP/1. <https://www.rfc-editor.org/rfc/rfc9110#section-5.6>
enum FieldSyntax {
    static let carriageReturn: UInt8 = 0x0D
    static let lineFeed: UInt8 = 0x0A

    /// Returns true for a letter, a digit, or a punctuation mark that is allowed in method and field names.
    static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(isTokenCharacter)
    }

    /// Returns true for a byte allowed in a field value: visible characters, spaces, tabs, and bytes above ASCII.
    static func isValueCharacter(_ byte: UInt8) -> Bool { (byte >= 0x20 && byte != 0x7F) || byte == 0x09 }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Returns the bytes without leading and trailing blanks.
    static func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence
    where Bytes.SubSequence: BidirectionalCollection<UInt8> {
        var rest = bytes.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest = rest.dropLast() }
        return rest
    }

    /// Compares names, tokens or hosts, ignoring the case of ASCII letters.
    static func isSame(_ left: some Sequence<UInt8>, _ right: String) -> Bool {
        left.elementsEqual(right.utf8) { lowered($0) == lowered($1) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// One header field; the value remains bytes because Latin-1 is not UTF-8.
struct HeadField: Sendable, Hashable {
    let name: String
    let bytes: [UInt8]

    /// The value as text, with replacement characters for bytes that are not UTF-8.
    var value: String { String(decoding: bytes, as: UTF8.self) }

    init(_ name: String, _ bytes: some Sequence<UInt8>) {
        self.name = name
        self.bytes = Array(bytes)
    }

    /// Parses a line without its line end; returns nil for anything but a field, such as a folded line.
    init?(line: some BidirectionalCollection<UInt8>) {
        let line = Array(line)
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), FieldSyntax.isToken(line[..<colon]) else {
            return nil
        }
        let value = FieldSyntax.trimmed(line[(colon + 1)...])
        guard value.allSatisfy(FieldSyntax.isValueCharacter) else { return nil }
        self.init(String(decoding: line[..<colon], as: UTF8.self), value)
    }

    func isNamed(_ name: String) -> Bool { FieldSyntax.isSame(self.name.utf8, name) }

    /// The members of a comma-separated list, without blanks.
    var members: [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: ",")).map { FieldSyntax.trimmed($0) }.filter { !$0.isEmpty }
    }
}

extension [HeadField] {
    func named(_ name: String) -> [HeadField] { filter { $0.isNamed(name) } }

    /// Returns true if a field of this name lists this member.
    func lists(_ member: String, in name: String) -> Bool {
        named(name).contains { $0.members.contains { FieldSyntax.isSame($0, member) } }
    }

    /// The fields without hop-by-hop fields, including those that Connection names.
    ///
    /// Host and the fields that frame the message always remain. <https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1>
    var endToEnd: [HeadField] {
        let kept = ["host", "content-length", "transfer-encoding"]
        let dropped = [
            "connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te",
            "upgrade",
        ]
        let named = named("Connection").flatMap(\.members)
        return filter { field in
            if kept.contains(where: { field.isNamed($0) }) { return true }
            return !dropped.contains { field.isNamed($0) }
                && !named.contains { FieldSyntax.isSame($0, field.name) }
        }
    }

    /// The fields as lines, each with its line end.
    var lines: [UInt8] {
        var lines: [UInt8] = []
        for field in self {
            lines += field.name.utf8
            lines += ": ".utf8
            lines += field.bytes
            lines += "\r\n".utf8
        }
        return lines
    }
}
