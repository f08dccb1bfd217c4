/// Replaces the variables in an instruction's words by their values.
package struct Expansion {
    private let options: WordExpander.Options

    /// Creates an expansion for one place in a Dockerfile.
    ///
    /// `escape` is the Dockerfile's escape character; `value` returns nil for a variable that is not set.
    package init(escape: Unicode.Scalar, value: @escaping (String) -> String?) {
        options = WordExpander.Options(escape: escape, value: value)
    }

    /// Returns the whole text as one word, with quotes and escapes removed.
    package func word(_ text: String, at place: SourcePlace) throws -> String {
        try WordExpander(text, place, options).word()
    }

    /// Splits the text into words; the value of one variable can become several words.
    package func words(_ text: String, at place: SourcePlace) throws -> [String] {
        try WordExpander(text, place, options).words()
    }

    /// Returns the expanded content of a heredoc.
    ///
    /// Quotes are ordinary characters in a heredoc, and the escape character is always a backslash, whichever one the
    /// Dockerfile chose.
    package func content(_ text: String, at place: SourcePlace) throws -> String {
        var options = options
        options.ignoresQuotes = true
        options.escape = "\\"
        return try WordExpander(text, place, options).word()
    }
}
