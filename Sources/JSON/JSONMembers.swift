/// The members of an object in their order, and each value with its exact bytes.
///
/// It serves for files that other programs maintain too: unchanged members stay as their owner wrote them.
package struct JSONMembers: Sendable, Equatable {
    private struct Member: Sendable, Equatable {
        let name: String
        /// One JSON value, without surrounding space.
        var value: [UInt8]
    }

    private var members: [Member] = []
    /// The indentation of one level.
    private var indent: [UInt8] = [0x09]

    /// Creates an object without members.
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
        // Parses the whole document first, which checks the depth and rejects anything after the object.
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

    /// The names in order.
    package var names: [String] { members.map(\.name) }

    /// Returns the members of a member that is itself an object; empty where it is absent or null.
    package func members(of name: String) throws(JSONError) -> JSONMembers {
        guard let value = members.first(where: { $0.name == name })?.value, value != Array("null".utf8) else {
            return JSONMembers()
        }
        guard value.first == UInt8(ascii: "{") else { throw JSONError("'\(name)' is no object") }
        return try JSONMembers(parsing: value)
    }

    /// Sets a value in place, or appends the member.
    package mutating func set(_ name: String, to value: JSONValue) { set(name, to: value.encoded()) }

    /// Sets an object, with each of its members on its own line.
    package mutating func set(_ name: String, to value: JSONMembers) {
        set(name, to: value.written(level: 1, indent: indent))
    }

    /// Removes a member.
    package mutating func remove(_ name: String) { members.removeAll { $0.name == name } }

    /// Returns the document with each member on a line, and a final newline.
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
