extension JSONValue {
    /// Parses one document strictly: UTF-8, no duplicate names, nothing after the value, at most 128 levels deep.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        var parser = JSONParser(bytes: Array(bytes))
        self = try parser.document()
    }

    /// Parses one document from text, as strictly.
    package init(parsing text: String) throws(JSONError) { try self.init(parsing: text.utf8) }
}

/// A recursive-descent parser over the bytes of a document.
struct JSONParser {
    private static let maximumDepth = 128

    let bytes: [UInt8]
    var position = 0
    var depth = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw error("text after the document") }
        return value
    }

    func error(_ what: String) -> JSONError { JSONError("invalid JSON: \(what) at byte \(position)") }

    mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw error("the document ends early") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        guard depth < Self.maximumDepth else { throw error("too many levels") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        guard bytes[position...].starts(with: text.utf8) else { throw error("an unknown word") }
        position += text.utf8.count
        return value
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        try eachMember { (parser, name) throws(JSONError) in
            guard members.updateValue(try parser.value(), forKey: name) == nil else {
                throw parser.error("a second member named '\(name)'")
            }
        }
        return .object(members)
    }

    /// Reads an object; `take` must read the value of each member.
    mutating func eachMember(
        _ take: (inout JSONParser, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        position += 1
        skipSpace()
        if self.take("}") { return }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw error("no name") }
            let name = try string()
            skipSpace()
            guard self.take(":") else { throw error("no colon") }
            try take(&self, name)
            skipSpace()
            if self.take("}") { return }
            guard self.take(",") else { throw error("no comma") }
        }
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        position += 1
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value())
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw error("no comma") }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        _ = take("-")
        let whole = digits()
        guard whole > 0 else { throw error("an unexpected character") }
        let first = bytes[position - whole]
        guard whole == 1 || first != UInt8(ascii: "0") else { throw error("a leading zero") }
        if take(".") { guard digits() > 0 else { throw error("no digit after the point") } }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard digits() > 0 else { throw error("no digit in the exponent") }
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return position - start
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw error("invalid UTF-8") }
                position += 1
                return string
            case UInt8(ascii: "\\"):
                position += 1
                text.append(contentsOf: try escape())
            case 0..<0x20: throw error("a control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error("the document ends inside a string")
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard position < bytes.count else { throw error("the document ends inside a string") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw error("an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> [UInt8] {
        var code = try codeUnit()
        if (0xD800..<0xDC00).contains(code) {
            guard bytes[position...].starts(with: "\\u".utf8) else { throw error("half of a surrogate pair") }
            position += 2
            let low = try codeUnit()
            guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func codeUnit() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("the document ends inside a string") }
        let digits = bytes[position..<position + 4]
        let isHex = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        guard isHex, let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw error("an escape without four hex digits")
        }
        position += 4
        return code
    }
}
