/// Replaces the variables in an instruction's words by what they stand for at that place.
package struct Expansion {
    private let options: WordExpander.Options

    /// What escapes, and the value of each variable; nil for one that is not set.
    package init(escape: Unicode.Scalar, value: @escaping (String) -> String?) {
        options = WordExpander.Options(escape: escape, value: value)
    }

    /// The whole text as one word, without quotes and escapes.
    package func word(_ text: String, at place: SourcePlace) throws(DockerfileError) -> String {
        try WordExpander(text, place, options).word()
    }

    /// The text cut into words, where a variable may stand for several.
    package func words(_ text: String, at place: SourcePlace) throws(DockerfileError) -> [String] {
        try WordExpander(text, place, options).words()
    }

    /// A heredoc's content: quotes are characters like others, and a backslash escapes whatever the Dockerfile chose.
    package func content(_ text: String, at place: SourcePlace) throws(DockerfileError) -> String {
        var options = options
        options.ignoresQuotes = true
        options.escape = "\\"
        return try WordExpander(text, place, options).word()
    }
}
