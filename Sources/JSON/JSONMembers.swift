/// The members of an object in the order, and each value with the very bytes, in which they were written.
///
/// For files that other programs keep too: what is not changed stays as its owner wrote it.
package struct JSONMembers: Sendable, Equatable {
    private struct Member: Sendable, Equatable {
        let name: String
        /// One JSON value, without space around it.
        var value: [UInt8]
    }

    private var members: [Member] = []
    /// What each level is indented by.
    private var indent: [UInt8] = [0x09]

    /// An object without members.
    package init() {}

    /// Parses an object as strictly as ``JSONValue`` does.
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        parser.skipSpace()
        guard parser.position < bytes.count, bytes[parser.position] == UInt8(ascii: "{") else {
            _ = try parser.document()
            throw JSONError("an object was expected")
        }
        let space = bytes[(parser.position + 1)...].prefix { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        if let line = space.lastIndex(of: 0x0A), line + 1 < space.endIndex { indent = Array(space[(line + 1)...]) }
        // The whole first: it knows how deep a document may be, and what may follow it.
        _ = try JSONValue(parsing: bytes)
        var found: [Member] = []
        try parser.eachMember { (parser, name) throws(JSONError) in
            parser.skipSpace()
            let start = parser.position
            _ = try parser.value()
            found.append(Member(name: name, value: Array(bytes[start..<parser.position])))
        }
        members = found
    }

    /// The names in their order.
    package var names: [String] { members.map(\.name) }

    /// The members of a member that is an object itself; none where it is absent or null.
    package func members(of name: String) throws(JSONError) -> JSONMembers {
        guard let value = members.first(where: { $0.name == name })?.value, value != Array("null".utf8) else {
            return JSONMembers()
        }
        guard value.first == UInt8(ascii: "{") else { throw JSONError("'\(name)' is no object") }
        return try JSONMembers(parsing: value)
    }

    /// Sets a value, where the member stands or at the end.
    package mutating func set(_ name: String, to value: JSONValue) { set(name, to: value.encoded()) }

    /// Sets an object, its members on lines of their own.
    package mutating func set(_ name: String, to value: JSONMembers) {
        set(name, to: value.written(level: 1, indent: indent))
    }

    /// Takes a member away.
    package mutating func remove(_ name: String) { members.removeAll { $0.name == name } }

    /// The document, each member on a line, and a final newline.
    package func encoded() -> [UInt8] { written(level: 0, indent: indent) + [0x0A] }

    private mutating func set(_ name: String, to value: [UInt8]) {
        guard let index = members.firstIndex(where: { $0.name == name }) else {
            return members.append(Member(name: name, value: value))
        }
        members[index].value = value
    }

    private func written(level: Int, indent: [UInt8]) -> [UInt8] {
        guard !members.isEmpty else { return Array("{}".utf8) }
        func line(_ level: Int) -> [UInt8] { [0x0A] + Array(repeatElement(indent, count: level).joined()) }
        var output: [UInt8] = [UInt8(ascii: "{")]
        for (index, member) in members.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output += line(level + 1) + JSONValue.string(member.name).encoded() + Array(": ".utf8) + member.value
        }
        return output + line(level) + [UInt8(ascii: "}")]
    }
}
