import JSON

/// Splits the arguments of an instruction into words.
enum WordSplitting {
    /// Splits at white space outside quotes; keeps quotes and escapes, which the expansion removes later.
    static func quoted(_ text: String, escape: Unicode.Scalar) -> [String] {
        var reader = ScalarReader(text)
        var words: [String] = []
        var word: [Unicode.Scalar] = []
        var quote: Unicode.Scalar?
        while let scalar = reader.next() {
            if scalar.isSpace && quote == nil {
                if !word.isEmpty { words.append(String(word[...])) }
                word = []
                continue
            }
            if scalar == escape && quote != "'" {
                // A trailing escape character has no character to escape, and is dropped.
                guard let next = reader.next() else { break }
                word += [scalar, next]
                continue
            }
            if scalar == quote {
                quote = nil
            } else if quote == nil && (scalar == "'" || scalar == "\"") {
                quote = scalar
            }
            word.append(scalar)
        }
        if !word.isEmpty { words.append(String(word[...])) }
        return words
    }

    /// Returns the elements of a JSON array of strings, or nil if the text is not a JSON array.
    static func json(_ text: String) throws(NotStrings) -> [String]? {
        guard text.trimmed.hasPrefix("["), let value = try? JSONValue(parsing: Array(text.trimmed.utf8)),
            let elements = value.array
        else { return nil }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count else { throw NotStrings() }
        return texts
    }

    /// The JSON array has an element that is not a string.
    struct NotStrings: Error {}
}
