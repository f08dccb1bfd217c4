/// Text within a Dockerfile that stands for a file.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#here-documents>.
package struct Heredoc: Sendable, Hashable {
    /// The word that ends it, which is the file's name too.
    package let name: String
    /// True where variables in it are expanded: no part of the word was quoted.
    package let isExpanded: Bool
    /// True for `<<-`: tabs at the beginning of lines do not count.
    package let stripsTabs: Bool
    /// The lines as they are written.
    package internal(set) var raw: String = ""

    /// The lines, without the tabs that do not count.
    package var content: String {
        guard stripsTabs else { return raw }
        let lines = raw.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { String(String.UnicodeScalarView($0.drop { $0 == "\t" })) }.joined(separator: "\n")
    }

    /// Reads a word such as `<<EOF`, `<<-"EOF"` or `3<<EOF`; nil for any other.
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

    /// The heredocs that a line announces, in order.
    static func announced(in line: String) -> [Heredoc] {
        guard line.contains("<<") else { return [] }
        let words = try? WordExpander(line, SourcePlace(file: "", line: 0), .rawWords).words()
        return (words ?? []).compactMap { Heredoc(word: $0) }
    }
}
