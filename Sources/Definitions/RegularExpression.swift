/// A regular expression of a program, compiled to see that it can be, with the groups that it has.
struct RegularExpression {
    /// Groups that capture, with a name or without.
    let groups: Int
    /// The names of those that have one.
    let names: [String]

    /// Nil where Swift's Regex, which the entrypoint matches with, does not understand the text.
    init?(_ text: String) {
        guard let regex = try? Regex(text) else { return nil }
        // `Regex` tells the types of its output, not the number of its groups: they are read from the text.
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
