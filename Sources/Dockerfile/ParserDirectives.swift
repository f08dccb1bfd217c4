/// The parser directives in the first lines of a Dockerfile.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#parser-directives>.
package struct ParserDirectives: Sendable, Hashable {
    /// The character that continues a line and escapes the next character: a backslash or a backquote.
    package private(set) var escape: Unicode.Scalar = "\\"
    /// The frontend image that docker would pull to parse the file.
    package private(set) var syntax: String?
    /// The settings of docker's build checks.
    package private(set) var check: String?

    init() {}

    /// Parses the directives at the top of the file.
    ///
    /// The first line that is not a directive ends them; a directive after that line is an ordinary comment.
    init(_ lines: [SourceLines.Line], file: String) throws {
        var seen: Set<String> = []
        for (index, line) in lines.enumerated() {
            guard let (name, value) = Self.split(line.string) else { return }
            guard ["escape", "syntax", "check"].contains(name) else { return }
            let place = SourcePlace(file: file, line: index + 1)
            guard seen.insert(name).inserted else { throw place.error("the directive '\(name)' is there twice") }
            switch name {
            case "syntax": syntax = value
            case "check": check = value
            default:
                guard value == "\\" || value == "`", let first = value.unicodeScalars.first else {
                    throw place.error("the directive 'escape' must be \\ or `, not '\(value)'")
                }
                escape = first
            }
        }
    }

    /// Splits `# name = value`; returns nil for any other line.
    private static func split(_ line: String) -> (name: String, value: String)? {
        guard line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { return nil }
        let name = line[line.index(after: line.startIndex)..<equals].trimmed.lowercased()
        let value = line[line.index(after: equals)...].trimmed
        guard !value.isEmpty, name.first?.isLetter == true, name.allSatisfy({ $0.isLetter || $0.isNumber }) else {
            return nil
        }
        return (name, value)
    }
}
