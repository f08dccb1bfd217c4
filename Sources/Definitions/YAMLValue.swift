package import Wording

/// A node of a YAML file as text, with its place in the file.
///
/// Scalars are not interpreted here: YAML would make 90 of `owner: 1:30`, and 1.2e38 of a commit ID of digits.
package struct YAMLValue: Sendable, Hashable {
    enum Content: Sendable, Hashable {
        /// A key without a value.
        case empty
        /// A text; `isPlain` is false if it was in quotes.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLValue])
        case mapping([Entry])
    }

    struct Entry: Sendable, Hashable {
        let key: String
        let place: String
        var value: YAMLValue
    }

    var content: Content
    /// `<file>:<line>`, or the command line option.
    let place: String
    let way: YAMLPath

    init(content: Content, place: String, way: YAMLPath) {
        self.content = content
        self.place = place
        self.way = way
    }

    /// The way from the root of the document: `layers[0].debian.suite`.
    package var path: String { way.text }

    package func error(_ reason: String) -> Failure { Failure(reading: place, reason) }

    /// Returns an error that states what was expected and what was found.
    func mismatch(_ expected: String) -> Failure {
        error("\(path.isEmpty ? "the document" : "'\(path)'") is \(kind); \(expected) was expected")
    }

    private var kind: String {
        switch content {
        case .empty: "empty"
        case .scalar(let text, _): text.utf8.count <= 40 && !text.contains("\n") ? "'\(text)'" : "a text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// Returns an error for a key that this version parses but does not support.
    func notSupported(_ what: String? = nil) -> Failure {
        error("'\(path)'\(what.map { " with \($0)" } ?? "") is not supported yet")
    }
}

/// Decoding texts, lists and mappings.
extension YAMLValue {
    /// Returns a text that is not empty.
    package func text(_ expected: String = "a text") throws -> String {
        guard case .scalar(let text, _) = content, !text.isEmpty else { throw mismatch(expected) }
        return text
    }

    /// Returns a text, which may be empty if it is quoted or comes from a variable.
    func anyText() throws -> String {
        switch content {
        case .scalar(let text, _): return text
        case .empty: throw error("'\(path)' is empty; write \"\" for an empty text")
        default: throw mismatch("a text")
        }
    }

    /// Returns the elements of a list.
    package func elements(_ expected: String = "a list") throws -> [YAMLValue] {
        guard case .sequence(let elements) = content else { throw mismatch(expected) }
        return elements
    }

    /// Returns a list of texts, none of them empty.
    package func texts() throws -> [String] {
        var texts: [String] = []
        for element in try elements("a list of texts") { texts.append(try element.text()) }
        return texts
    }

    /// Returns a command and its arguments; the first is not empty.
    func command() throws -> [String] {
        var texts: [String] = []
        for element in try elements("a list with a command and its arguments") { texts.append(try element.anyText()) }
        guard let first = texts.first, !first.isEmpty else { throw error("'\(path)' names no command") }
        return texts
    }

    /// Returns the entries of a mapping.
    func entries() throws -> [Entry] {
        guard case .mapping(let entries) = content else { throw mismatch("a mapping") }
        return entries
    }

    /// Returns a mapping of texts by name.
    func textMap() throws -> [String: String] {
        var map: [String: String] = [:]
        for entry in try entries() { map[entry.key] = try entry.value.anyText() }
        return map
    }

    /// Returns environment variables by name.
    func environment() throws -> [String: String] {
        for entry in try entries() where !EnvironmentSyntax.isName(entry.key) {
            throw Failure(reading: entry.place, "'\(entry.key)' in \(path) is not a variable's name")
        }
        return try textMap()
    }

    /// Returns names of environment variables.
    func environmentNames() throws -> [String] {
        var names: [String] = []
        for element in try elements("a list of variables") {
            let name = try element.text()
            guard EnvironmentSyntax.isName(name) else { throw element.error("'\(name)' is not a variable's name") }
            names.append(name)
        }
        return names
    }
}

/// The syntax of environment variables' names.
enum EnvironmentSyntax {
    static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: #/[A-Za-z_][A-Za-z0-9_]*/#) != nil
    }
}
