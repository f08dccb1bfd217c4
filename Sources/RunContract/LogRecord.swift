package import JSON
private import TerminalText

/// One line of `logs/<attempt>-<seq>.jsonl`: something that a stage printed, or that the entrypoint has to say.
package struct LogRecord: Sendable, Hashable {
    /// What the entrypoint's own lines have as source.
    package static let entrypoint = "caas"

    /// RFC 3339.
    package let time: String
    /// The stage that printed it, or ``entrypoint``.
    package let source: String
    /// The line without its end.
    package let line: String

    /// A line from its parts.
    package init(time: String, source: String, line: String) {
        self.time = time
        self.source = source
        self.line = line
    }

    /// Reads one.
    package init(json: JSONValue) throws(JSONError) {
        self.init(time: try json.text("time"), source: try json.text("source"), line: try json.text("line"))
    }

    /// As a terminal shows it, ours told apart from whatever the stages print.
    package var shown: String {
        source == Self.entrypoint ? ChildLine.ownMark + VisibleText.line(line) : "\(ChildLine(line, of: source))"
    }

    /// The form that ``init(json:)`` reads.
    package var json: JSONValue {
        ["time": .string(time), "source": .string(source), "line": .string(line)]
    }
}
