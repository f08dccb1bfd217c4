/// A pattern as in `${name#pattern}`: `*` any text, `?` one character, neither beyond a line's end; a backslash takes
/// their meaning away.
///
/// Sources: <https://docs.docker.com/reference/dockerfile/#environment-replacement>, and for what is not said there
/// BuildKit's frontend/dockerfile/shell/lex.go, convertShellPatternToRegex and processDollar.
struct ShellPattern {
    /// What stands between two `*`: nil for any one character.
    private typealias Piece = [Unicode.Scalar?]

    /// Whether a text matches that begins at some place.
    private enum Match {
        case end(Int)
        /// Not here, and not before this place.
        case notBefore(Int)
    }

    /// At least one; of several only the first and the last are tied to a place.
    private let pieces: [Piece]

    /// Nil where a backslash stands before what has no meaning to take away.
    init?(_ text: String) {
        var reader = ScalarReader(text)
        var pieces: [Piece] = [[]]
        while let scalar = reader.next() {
            switch scalar {
            case "*": pieces.append([])
            case "?": pieces[pieces.count - 1].append(nil)
            case "\\":
                guard let next = reader.next(), "*?\\/}".unicodeScalars.contains(next) else { return nil }
                pieces[pieces.count - 1].append(next)
            default: pieces[pieces.count - 1].append(scalar)
            }
        }
        self.pieces = pieces
    }

    private init(pieces: [Piece]) { self.pieces = pieces }

    /// For a text that is read from its end.
    private var reversed: ShellPattern { ShellPattern(pieces: pieces.reversed().map { $0.reversed() }) }

    private static func fits(_ piece: Piece, _ text: [Unicode.Scalar], at place: Int) -> Bool {
        guard place >= 0, place + piece.count <= text.count else { return false }
        return piece.indices.allSatisfy { index in
            let scalar = text[place + index]
            return piece[index].map { $0 == scalar } ?? (scalar != "\n")
        }
    }

    /// Every piece but the last is taken where it is first, which leaves the most for those behind it.
    private func match(_ text: [Unicode.Scalar], from start: Int, longest: Bool) -> Match {
        guard let first = pieces.first, Self.fits(first, text, at: start) else { return .notBefore(start + 1) }
        var place = start + first.count
        for index in pieces.indices.dropFirst() {
            let piece = pieces[index]
            // What `*` stands for ends with the line.
            let lineEnd = text[place...].firstIndex(of: "\n") ?? text.count
            let places = place...lineEnd
            let isLongest = longest && index == pieces.count - 1
            let found =
                isLongest
                ? places.last { Self.fits(piece, text, at: $0) } : places.first { Self.fits(piece, text, at: $0) }
            guard let found else {
                // Whatever begins further on has less text; in this line it is the same text as long as it begins there.
                if lineEnd == text.count { return .notBefore(text.count + 1) }
                return .notBefore(index == 1 && !first.contains("\n") ? max(lineEnd, start + 1) : start + 1)
            }
            place = found + piece.count
        }
        return .end(place)
    }

    /// Removes the shortest or longest prefix that matches.
    func removingPrefix(of text: String, longest: Bool) -> String {
        let scalars = Array(text.unicodeScalars)
        guard case .end(let end) = match(scalars, from: 0, longest: longest) else { return text }
        return String(scalars[end...])
    }

    /// Removes the shortest or longest suffix that matches.
    func removingSuffix(of text: String, longest: Bool) -> String {
        let scalars: [Unicode.Scalar] = text.unicodeScalars.reversed()
        guard case .end(let end) = reversed.match(scalars, from: 0, longest: longest) else { return text }
        return String(scalars[end...].reversed()[...])
    }

    /// Returns the text with the first match, or every match, replaced.
    ///
    /// Of the matches that begin at one place, the longest counts. An empty match counts too, except at the end of the
    /// match before it. Nil where more than `limit` scalars would have to be written.
    func replacing(in text: String, by replacement: String, all: Bool, limit: Int) -> String? {
        let scalars = Array(text.unicodeScalars)
        let replacement = Array(replacement.unicodeScalars)
        var result: [Unicode.Scalar] = []
        var position = 0
        var taken = 0
        search: while position <= scalars.count {
            switch match(scalars, from: position, longest: true) {
            case .notBefore(let next): position = next
            case .end(let end):
                result += scalars[taken..<position]
                if end > taken || position == 0 {
                    guard result.count + replacement.count <= limit else { return nil }
                    result += replacement
                }
                taken = end
                if !all { break search }
                position = max(end, position + 1)
            }
        }
        return String((result + scalars[taken...])[...])
    }
}
