/// A pattern as in `${name#pattern}`: `*` any text, `?` one character, neither beyond a line's end; a backslash takes
/// their meaning away.
///
/// Sources: <https://docs.docker.com/reference/dockerfile/#environment-replacement>, and for what is not said there
/// BuildKit's frontend/dockerfile/shell/lex.go, convertShellPatternToRegex and processDollar.
struct ShellPattern {
    private enum Element { case any, one, scalar(Unicode.Scalar) }

    private let elements: [Element]

    /// Nil where a backslash stands before what has no meaning to take away.
    init?(_ text: String) {
        var reader = ScalarReader(text)
        var elements: [Element] = []
        while let scalar = reader.next() {
            switch scalar {
            case "*": elements.append(.any)
            case "?": elements.append(.one)
            case "\\":
                guard let next = reader.next(), "*?\\/}".unicodeScalars.contains(next) else { return nil }
                elements.append(.scalar(next))
            default: elements.append(.scalar(scalar))
            }
        }
        self.elements = elements
    }

    private func matches(_ text: ArraySlice<Unicode.Scalar>) -> Bool {
        // The numbers of elements that can have been used up so far, as an automaton that is in several states.
        var states: Set<Int> = [0]
        func skipping(_ states: Set<Int>) -> Set<Int> {
            var all = states
            for var state in states {
                while state < elements.count, case .any = elements[state] {
                    state += 1
                    all.insert(state)
                }
            }
            return all
        }
        states = skipping(states)
        for scalar in text {
            var next: Set<Int> = []
            for state in states where state < elements.count {
                switch elements[state] {
                case .any: if scalar != "\n" { next.insert(state) }
                case .one: if scalar != "\n" { next.insert(state + 1) }
                case .scalar(let wanted): if wanted == scalar { next.insert(state + 1) }
                }
            }
            states = skipping(next)
            if states.isEmpty { return false }
        }
        return states.contains(elements.count)
    }

    /// Without the shortest or longest beginning that matches.
    func removingPrefix(of text: String, longest: Bool) -> String {
        let scalars = Array(text.unicodeScalars)
        let counts = longest ? Array((0...scalars.count).reversed()) : Array(0...scalars.count)
        guard let count = counts.first(where: { matches(scalars[..<$0]) }) else { return text }
        return String(scalars[count...])
    }

    /// Without the shortest or longest end that matches.
    func removingSuffix(of text: String, longest: Bool) -> String {
        let scalars = Array(text.unicodeScalars)
        let starts = longest ? Array(0...scalars.count) : Array((0...scalars.count).reversed())
        guard let start = starts.first(where: { matches(scalars[$0...]) }) else { return text }
        return String(scalars[..<start])
    }

    /// With the first match, or every one, replaced; of those that begin at one place the longest. A match of no
    /// character at all counts too, other than at the end of the one before it.
    func replacing(in text: String, by replacement: String, all: Bool) -> String {
        let scalars = Array(text.unicodeScalars)
        var result: [Unicode.Scalar] = []
        var position = 0
        var taken = 0
        while position <= scalars.count {
            let ends = (position...scalars.count).reversed()
            guard let end = ends.first(where: { matches(scalars[position..<$0]) }) else {
                position += 1
                continue
            }
            result += scalars[taken..<position]
            if end > taken || position == 0 { result += Array(replacement.unicodeScalars) }
            taken = end
            if !all { break }
            position = max(end, position + 1)
        }
        return String((result + scalars[taken...])[...])
    }
}
