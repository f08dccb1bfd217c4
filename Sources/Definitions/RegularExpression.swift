import RunContract

/// A regular expression of a program with its capture groups, compiled to check its syntax.
struct RegularExpression {
    /// The number of capture groups, named or not.
    let groups: Int
    /// The names of the named groups.
    let names: [String]

    /// Returns nil if Swift's Regex, with which the entrypoint matches, does not accept the text.
    init?(_ text: String) {
        guard ExpressionText.isModest(text), let regex = try? Regex(text) else { return nil }
        // `Regex` reports the types of its output but not the number of its groups; they are counted in the text.
        var groups = 0
        var names: [String] = []
        var rest = Substring(text)
        var isInClass = false
        while let character = rest.popFirst() {
            switch character {
            case "\\": rest = rest.dropFirst()
            case "[": isInClass = true
            case "]": isInClass = false
            case "(" where !isInClass:
                if let match = rest.prefixMatch(of: #/\?P?<([A-Za-z_][A-Za-z0-9_]*)>/#) {
                    groups += 1
                    names.append(String(match.1))
                } else if !rest.hasPrefix("?") && !rest.hasPrefix("*") {
                    groups += 1
                }
            default: break
            }
        }
        guard names.allSatisfy({ regex.contains(captureNamed: $0) }) else { return nil }
        self.groups = groups
        self.names = names
    }
}
