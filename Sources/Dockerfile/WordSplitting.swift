import JSON

/// How the rest of an instruction is cut into words.
enum WordSplitting {
    /// Cuts at white space outside quotes; quotes and escapes stay, to be taken away when the word is expanded.
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
                // At the end there is nothing that it could protect.
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

    /// The elements of a JSON array of strings, nil where the text is something else.
    static func json(_ text: String) throws(NotStrings) -> [String]? {
        guard text.trimmed.hasPrefix("["), let value = try? JSONValue(parsing: Array(text.trimmed.utf8)),
            let elements = value.array
        else { return nil }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count else { throw NotStrings() }
        return texts
    }

    /// An array with something in it that is no string.
    struct NotStrings: Error {}
}
