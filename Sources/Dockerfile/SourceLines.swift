/// The lines of a Dockerfile, from which instructions are put together.
struct SourceLines {
    /// A line with the newline that ends it.
    struct Line {
        let scalars: [Unicode.Scalar]

        /// Without the newline.
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

    /// The lines that one instruction takes.
    struct Logical {
        /// The first line's number.
        let number: Int
        let text: String
    }

    let file: String
    let lines: [Line]
    let directives: ParserDirectives
    private var position = 0

    init(_ text: String, file: String) throws(DockerfileError) {
        var scalars = Array(text.unicodeScalars)
        // A byte order mark belongs to no line.
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        lines = scalars.split(after: "\n").map { Line(scalars: Array($0)) }
        self.file = file
        directives = try ParserDirectives(lines, file: file)
    }

    /// The next instruction's text, put together from its lines; comments and empty lines between them are left out.
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

    /// A line without the character that continues it, and whether it has one: a doubled one does not continue.
    private func continued(_ line: ArraySlice<Unicode.Scalar>) -> (ArraySlice<Unicode.Scalar>, Bool) {
        var rest = line
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        guard rest.last == directives.escape, rest.dropLast().last != directives.escape else { return (line, false) }
        return (rest.dropLast(), true)
    }

    /// Reads the lines up to the one that ends a heredoc.
    mutating func content(of heredoc: Heredoc, startedAt place: SourcePlace) throws(DockerfileError) -> String {
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
