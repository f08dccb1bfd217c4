import Hashing

extension XMLElement {
    /// Parses a whole document.
    init(_ bytes: [UInt8]) throws(XMLError) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw XMLError(offset: 0, reason: "not UTF-8") }
        var parser = XMLParser(bytes)
        self = try parser.document()
    }
}

/// A single-pass XML parser.
private struct XMLParser {
    private static let deepest = 32
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(XMLError) -> XMLElement {
        // S3 sends white space before a document to keep the connection alive.
        if starts(with: "\u{FEFF}") { skip("\u{FEFF}") }
        try skipMisc()
        guard starts(with: "<") else { throw failure("no element") }
        let root = try element(depth: 0)
        try skipMisc()
        guard position == bytes.count else { throw failure("something follows the root element") }
        return root
    }

    private mutating func skipMisc() throws(XMLError) {
        while true {
            while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
            if starts(with: "<?") {
                try skipPast("?>")
            } else if starts(with: "<!--") {
                try skipPast("-->")
            } else if starts(with: "<!") {
                throw failure("a document type")
            } else {
                return
            }
        }
    }

    private mutating func element(depth: Int) throws(XMLError) -> XMLElement {
        guard depth < Self.deepest else { throw failure("elements nested too deep") }
        skip("<")
        let fullName = try name()
        var element = XMLElement(name: fullName.split(separator: ":").last.map(String.init) ?? fullName)
        if try attributes() { return element }
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw failure("<\(fullName)> is not closed") }
            if starts(with: "</") {
                skip("</")
                guard try name() == fullName else { throw failure("<\(fullName)> is closed by another name") }
                skipSpace()
                try expect(">")
                element.text = String(decoding: text, as: UTF8.self)
                return element
            } else if starts(with: "<!--") {
                try skipPast("-->")
            } else if starts(with: "<![CDATA[") {
                skip("<![CDATA[")
                let start = position
                try skipPast("]]>")
                text += bytes[start..<position - 3]
            } else if starts(with: "<?") {
                try skipPast("?>")
            } else if starts(with: "<") {
                element.children.append(try self.element(depth: depth + 1))
            } else if bytes[position] == UInt8(ascii: "&") {
                text += try entity()
            } else {
                text.append(bytes[position])
                position += 1
            }
        }
    }

    /// Skips the attributes up to the end of the tag; returns true where the element is empty.
    private mutating func attributes() throws(XMLError) -> Bool {
        while true {
            skipSpace()
            if starts(with: "/>") {
                skip("/>")
                return true
            }
            if starts(with: ">") {
                skip(">")
                return false
            }
            _ = try name()
            skipSpace()
            try expect("=")
            skipSpace()
            guard starts(with: "\"") || starts(with: "'") else { throw failure("an attribute without quotes") }
            let quote = bytes[position]
            position += 1
            while position < bytes.count, bytes[position] != quote {
                guard bytes[position] != UInt8(ascii: "<") else { throw failure("'<' in an attribute") }
                position += 1
            }
            guard position < bytes.count else { throw failure("an attribute is not closed") }
            position += 1
        }
    }

    private mutating func entity() throws(XMLError) -> [UInt8] {
        guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw failure("'&' without an entity")
        }
        let body = String(decoding: bytes[position + 1..<end], as: UTF8.self)
        let named = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
        let number = body.hasPrefix("#x") ? UInt32(body.dropFirst(2), radix: 16) : UInt32(body.dropFirst(1))
        if let text = named[body] {
            position = end + 1
            return Array(text.utf8)
        }
        guard body.hasPrefix("#"), let scalar = number.flatMap(Unicode.Scalar.init) else {
            throw failure("an unknown entity")
        }
        position = end + 1
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func name() throws(XMLError) -> String {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            let isPart = PercentEncoding.isUnreserved(byte) || byte == UInt8(ascii: ":") || byte >= 0x80
            guard isPart, byte != UInt8(ascii: "~") else { break }
            position += 1
        }
        guard position > start else { throw failure("a name is missing") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func skip(_ text: String) { position += text.utf8.count }

    private mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    private mutating func expect(_ text: String) throws(XMLError) {
        guard starts(with: text) else { throw failure("'\(text)' is missing") }
        skip(text)
    }

    private mutating func skipPast(_ text: String) throws(XMLError) {
        while position < bytes.count {
            if starts(with: text) { return skip(text) }
            position += 1
        }
        throw failure("'\(text)' is missing")
    }

    private func failure(_ reason: String) -> XMLError { XMLError(offset: position, reason: reason) }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
