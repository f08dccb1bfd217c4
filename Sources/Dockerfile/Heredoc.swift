/// A heredoc: text in a Dockerfile that takes the place of a file.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#here-documents>.
package struct Heredoc: Sendable, Hashable {
    /// The delimiter that ends the heredoc; it is also the name of the file.
    package let name: String
    /// Whether variables in the content are expanded; false if any part of the delimiter was quoted.
    package let isExpanded: Bool
    /// True for `<<-`, which strips the tabs at the beginning of each line.
    package let stripsTabs: Bool
    /// The lines as the Dockerfile has them.
    package internal(set) var raw: String = ""

    /// The lines, without leading tabs if ``stripsTabs``.
    package var content: String {
        guard stripsTabs else { return raw }
        let lines = raw.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { String(String.UnicodeScalarView($0.drop { $0 == "\t" })) }.joined(separator: "\n")
    }

    /// Reads a word such as `<<EOF`, `<<-"EOF"` or `3<<EOF`; returns nil for any other word.
    package init?(word: String) {
        var reader = ScalarReader(word)
        while reader.peek?.isDigit == true { _ = reader.next() }
        guard reader.skip("<"), reader.skip("<") else { return nil }
        stripsTabs = reader.skip("-")
        let rest = reader.rest
        guard !rest.isEmpty, !rest.unicodeScalars.contains("<") else { return nil }
        let none = SourcePlace(file: "", line: 0)
        let bare = try? WordExpander(rest, none, .wordsOfHeredocs).words()
        let quoted = try? WordExpander(rest, none, .rawWords).words()
        guard let bare, let quoted, bare.count == 1, quoted.count == 1 else { return nil }
        name = bare[0]
        isExpanded = bare == quoted
    }

    /// Returns the heredocs that a line announces, in order.
    static func announced(in line: String) -> [Heredoc] {
        guard line.contains("<<") else { return [] }
        let words = try? WordExpander(line, SourcePlace(file: "", line: 0), .rawWords).words()
        return (words ?? []).compactMap { Heredoc(word: $0) }
    }
}
