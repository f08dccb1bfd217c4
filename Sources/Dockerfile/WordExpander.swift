import Wording

/// Expands variables in a text, and removes quotes and escapes.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#environment-replacement>.
struct WordExpander {
    struct Options {
        var escape: Unicode.Scalar = "\\"
        /// Whether quotes stay in the text.
        var keepsQuotes = false
        /// Whether escape characters stay in the text; they still escape the next character.
        var keepsEscapes = false
        /// Whether quotes are ordinary characters, as in a heredoc.
        var ignoresQuotes = false
        /// Whether the reference to a variable that is not set stays in the text.
        var keepsUnset = false
        /// Returns the value of a variable, or nil if it is not set.
        var value: (String) -> String? = { _ in nil }

        static var rawWords: Options { Options(keepsQuotes: true, keepsEscapes: true, keepsUnset: true) }
        static var wordsOfHeredocs: Options { Options(keepsUnset: true) }
    }

    /// Collects words; white space that was quoted or escaped does not separate them.
    private struct Words {
        var all: [String] = []
        private var word: [Unicode.Scalar] = []

        mutating func append(protected text: String) { word += Array(text.unicodeScalars) }
        mutating func append(_ text: String) {
            for scalar in text.unicodeScalars {
                if scalar.isSpace { finish() } else { word.append(scalar) }
            }
        }
        mutating func finish() {
            if !word.isEmpty { all.append(String(word[...])) }
            word = []
        }
    }

    /// What variables may make of one text: Linux gives no process a value as long.
    private static let mostAdded = 1 << 20
    /// How many variables may stand in one another's defaults.
    private static let deepest = 100

    private let place: SourcePlace
    private let text: String
    private var options: Options
    private var reader: ScalarReader
    private var added = 0
    private var depth = 0

    init(_ text: String, _ place: SourcePlace, _ options: Options) {
        self.place = place
        self.text = text
        self.options = options
        reader = ScalarReader(text)
    }

    /// Returns the whole text as one word.
    func word() throws -> String {
        var copy = self
        return try copy.read(until: nil).text
    }

    /// Splits the text into words at white space, including white space in the value of a variable.
    func words() throws -> [String] {
        var copy = self
        return try copy.read(until: nil).words
    }

    private func failure(_ reason: String) -> Failure { place.error("\(reason) in '\(text)'") }

    /// The value of a variable, nil where it is not set.
    private mutating func value(_ name: String) throws -> String? {
        guard let value = options.value(name) else { return nil }
        added += value.utf8.count
        guard added <= Self.mostAdded else { throw tooLong }
        return value
    }

    private var tooLong: Failure {
        place.error("its variables make a text longer than \(Self.mostAdded) bytes")
    }

    private mutating func read(until end: Unicode.Scalar?) throws -> (text: String, words: [String]) {
        var result = ""
        var words = Words()
        while let scalar = reader.peek {
            if scalar == end {
                _ = reader.next()
                return (result, words.all)
            }
            var part: String
            var isProtected = true
            switch scalar {
            case "$":
                part = try variable()
                isProtected = false
            case "'" where !options.ignoresQuotes: part = try singleQuoted()
            case "\"" where !options.ignoresQuotes: part = try doubleQuoted()
            case options.escape:
                _ = reader.next()
                part = options.keepsEscapes ? String(scalar) : ""
                if let next = reader.next() { part.unicodeScalars.append(next) }
            default:
                _ = reader.next()
                part = String(scalar)
                isProtected = false
            }
            result += part
            if isProtected { words.append(protected: part) } else { words.append(part) }
        }
        if let end { throw failure("'\(end)' is missing") }
        words.finish()
        return (result, words.all)
    }

    private mutating func singleQuoted() throws -> String {
        _ = reader.next()
        var result: [Unicode.Scalar] = []
        while let scalar = reader.next() {
            if scalar == "'" { return options.keepsQuotes ? "'\(String(result[...]))'" : String(result[...]) }
            result.append(scalar)
        }
        throw failure("a single quote is not closed")
    }

    private mutating func doubleQuoted() throws -> String {
        _ = reader.next()
        var result = ""
        while let scalar = reader.peek {
            if scalar == "$" {
                result += try variable()
                continue
            }
            _ = reader.next()
            if scalar == "\"" { return options.keepsQuotes ? "\"\(result)\"" : result }
            guard scalar == options.escape else {
                result.unicodeScalars.append(scalar)
                continue
            }
            // Within double quotes only these characters can be escaped; before any other, the escape character is
            // literal.
            let next = reader.peek
            let isEscape = next == "\"" || next == "$" || next == options.escape
            if options.keepsEscapes || !isEscape && next != nil { result.unicodeScalars.append(scalar) }
            if isEscape, let next = reader.next() { result.unicodeScalars.append(next) }
        }
        throw failure("a double quote is not closed")
    }

    private mutating func variable() throws -> String {
        _ = reader.next()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw place.error("its variables are nested more than \(Self.deepest) deep")
        }
        guard reader.skip("{") else {
            let name = name()
            if name.isEmpty { return "$" }
            return try value(name) ?? (options.keepsUnset ? "$\(name)" : "")
        }
        let name = name()
        guard !name.isEmpty else { throw failure("'${' is not followed by a name") }
        guard let modifier = reader.next() else { throw failure("'}' is missing") }
        switch modifier {
        case "}": return try value(name) ?? (options.keepsUnset ? "${\(name)}" : "")
        case ":":
            guard let second = reader.next(), "+-?".unicodeScalars.contains(second) else {
                throw failure("after '${\(name):' comes '-', '+' or '?'")
            }
            return try substitution(name, second, takingEmptyForUnset: true)
        case "+", "-", "?": return try substitution(name, modifier, takingEmptyForUnset: false)
        case "#", "%": return try trimming(name, modifier)
        case "/": return try replacement(name)
        default: throw failure("'\(modifier)' cannot follow '${\(name)'")
        }
    }

    /// Reads a variable's name: letters, digits and `_`, only digits, or one of the special characters.
    ///
    /// A name that begins with a digit has only digits.
    private mutating func name() -> String {
        var name: [Unicode.Scalar] = []
        guard let first = reader.peek else { return "" }
        if "@*#?-$!".unicodeScalars.contains(first) {
            _ = reader.next()
            return String(first)
        }
        while let scalar = reader.peek {
            let fits =
                first.isDigit
                ? scalar.isDigit : scalar.properties.isAlphabetic || scalar.isDigit || scalar == "_"
            if !fits { break }
            name.append(scalar)
            _ = reader.next()
        }
        return String(name[...])
    }

    private mutating func substitution(
        _ name: String, _ modifier: Unicode.Scalar, takingEmptyForUnset: Bool
    ) throws -> String {
        let word = try read(until: "}").text
        let value = try value(name)
        let isMissing = value == nil || takingEmptyForUnset && value == ""
        switch modifier {
        case "-": return isMissing ? word : value ?? ""
        case "+": return isMissing ? "" : word
        default:
            guard isMissing else { return value ?? "" }
            throw place.error(word.isEmpty ? "\(name) must be set" : "\(name): \(word)")
        }
    }

    private mutating func trimming(_ name: String, _ modifier: Unicode.Scalar) throws -> String {
        let longest = reader.skip(modifier)
        let pattern = try pattern(until: "}")
        guard let value = try value(name) else { return "" }
        return modifier == "#"
            ? pattern.removingPrefix(of: value, longest: longest) : pattern.removingSuffix(of: value, longest: longest)
    }

    private mutating func replacement(_ name: String) throws -> String {
        let all = reader.skip("/")
        let pattern = try pattern(until: "/")
        let replacement = try keepingEscapes(until: "}")
        let result = pattern.replacing(
            in: try value(name) ?? "", by: replacement, all: all, limit: Self.mostAdded - added)
        guard let result else { throw tooLong }
        added += result.utf8.count
        return result
    }

    private mutating func pattern(until end: Unicode.Scalar) throws -> ShellPattern {
        let text = try keepingEscapes(until: end)
        guard let pattern = ShellPattern(text) else {
            throw failure("a backslash in the pattern '\(text)' is before none of '*', '?', '\\', '/' and '}'")
        }
        return pattern
    }

    /// A pattern needs its escapes itself; what replaces it keeps them, as BuildKit does.
    private mutating func keepingEscapes(until end: Unicode.Scalar) throws -> String {
        let before = options.keepsEscapes
        options.keepsEscapes = true
        defer { options.keepsEscapes = before }
        return try read(until: end).text
    }
}
