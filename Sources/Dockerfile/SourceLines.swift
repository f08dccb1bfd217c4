/// The lines of a Dockerfile, and the instructions that they form.
struct SourceLines {
    /// A line, including the newline that ends it.
    struct Line {
        let scalars: [Unicode.Scalar]

        /// The text without the newline.
        var string: String { String(content) }
        var content: ArraySlice<Unicode.Scalar> {
            var content = scalars[...]
            if content.last == "\n" { content.removeLast() }
            if content.last == "\r" { content.removeLast() }
            return content
        }
        var isComment: Bool { content.first { !$0.isSpace } == "#" }
        var isBlank: Bool { content.allSatisfy(\.isSpace) }
    }

    /// The joined lines of one instruction.
    struct Logical {
        /// The number of the first line.
        let number: Int
        let text: String
    }

    let file: String
    let lines: [Line]
    let directives: ParserDirectives
    private var position = 0

    init(_ text: String, file: String) throws {
        var scalars = Array(text.unicodeScalars)
        // A byte order mark is not part of the first line.
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        lines = scalars.split(after: "\n").map { Line(scalars: Array($0)) }
        self.file = file
        directives = try ParserDirectives(lines, file: file)
    }

    /// Returns the text of the next instruction, joined from its lines without comments and empty lines.
    mutating func next() -> Logical? {
        while position < lines.count {
            let line = lines[position]
            position += 1
            if line.isComment || line.isBlank { continue }
            let number = position
            var (text, goesOn) = continued(line.content.drop(while: \.isSpace))
            while goesOn, position < lines.count {
                let line = lines[position]
                position += 1
                if line.isComment || line.isBlank { continue }
                let (part, more) = continued(line.content)
                text += part
                goesOn = more
            }
            if !text.allSatisfy(\.isSpace) { return Logical(number: number, text: String(text)) }
        }
        return nil
    }

    /// Removes the line continuation character, and reports whether the line had one.
    ///
    /// A doubled escape character does not continue the line.
    private func continued(_ line: ArraySlice<Unicode.Scalar>) -> (ArraySlice<Unicode.Scalar>, Bool) {
        var rest = line
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        guard rest.last == directives.escape, rest.dropLast().last != directives.escape else { return (line, false) }
        return (rest.dropLast(), true)
    }

    /// Reads the lines up to the delimiter of a heredoc.
    mutating func content(of heredoc: Heredoc, startedAt place: SourcePlace) throws -> String {
        var content: [Unicode.Scalar] = []
        while position < lines.count {
            let line = lines[position]
            position += 1
            let end = heredoc.stripsTabs ? line.content.drop { $0 == "\t" } : line.content
            if String(end) == heredoc.name { return String(content[...]) }
            content += line.scalars
        }
        throw place.error("the heredoc '\(heredoc.name)' has no line '\(heredoc.name)' that ends it")
    }
}

extension [Unicode.Scalar] {
    fileprivate func split(after separator: Unicode.Scalar) -> [ArraySlice<Unicode.Scalar>] {
        var parts: [ArraySlice<Unicode.Scalar>] = []
        var start = startIndex
        for index in indices where self[index] == separator {
            parts.append(self[start...index])
            start = index + 1
        }
        if start < endIndex { parts.append(self[start...]) }
        return parts
    }
}
