import HTTP

/// One challenge of a WWW-Authenticate field: a scheme with its parameters.
///
/// A field may hold several challenges. The same comma separates challenges and parameters.
/// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1>.
struct AuthenticationChallenge: Sendable, Equatable {
    /// The scheme in lower case: `bearer`, `basic`.
    let scheme: String
    /// The values by parameter name; the names are in lower case.
    private(set) var parameters: [String: String] = [:]

    /// Returns every challenge of a response, in order.
    static func all(in headers: HTTPHeaders) -> [AuthenticationChallenge] {
        headers.values("WWW-Authenticate").flatMap { parse($0) }
    }

    static func parse(_ field: String) -> [AuthenticationChallenge] {
        var scanner = Scanner(rest: field[...])
        var challenges: [AuthenticationChallenge] = []
        while true {
            scanner.skip(" \t,")
            let word = scanner.token()
            guard !word.isEmpty else { return challenges }
            let spaces = scanner.skip(" \t")
            if scanner.take("="), !challenges.isEmpty {
                scanner.skip(" \t")
                challenges[challenges.count - 1].parameters[word.lowercased()] = scanner.value()
            } else {
                challenges.append(AuthenticationChallenge(scheme: word.lowercased()))
                // Negotiate and some other schemes carry one token68 word instead of parameters.
                if spaces > 0 { scanner.skipToken68() }
            }
        }
    }
}

private struct Scanner {
    var rest: Substring

    @discardableResult
    mutating func skip(_ characters: String) -> Int {
        let skipped = rest.prefix { characters.contains($0) }
        rest = rest.dropFirst(skipped.count)
        return skipped.count
    }

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func token() -> String {
        let token = rest.prefix { $0.isLetter || $0.isNumber || "!#$%&'*+-.^_`|~/:".contains($0) }
        rest = rest.dropFirst(token.count)
        return String(token)
    }

    /// Consumes a value: a quoted string with its escapes undone, or a bare word up to the next separator.
    mutating func value() -> String {
        guard take("\"") else {
            let value = rest.prefix { !",; \t".contains($0) }
            rest = rest.dropFirst(value.count)
            return String(value)
        }
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\", let escaped = rest.popFirst() {
                value.append(escaped)
            } else {
                value.append(character)
            }
        }
        return value
    }

    /// Skips a token68 word, which is followed by a comma or the end; leaves parameters and scheme names alone.
    mutating func skipToken68() {
        let word = rest.prefix { !" \t,".contains($0) }
        let padding = word.reversed().prefix { $0 == "=" }.count
        guard !word.dropLast(padding).contains("=") else { return }
        let after = rest.dropFirst(word.count).drop { $0 == " " || $0 == "\t" }
        guard after.isEmpty || after.first == "," else { return }
        rest = after
    }
}
