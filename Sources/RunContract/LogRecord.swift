package import JSON
private import Wording

/// One line of `logs/<attempt>-<seq>.jsonl`: output of a stage, or a message of the entrypoint.
package struct LogRecord: Sendable, Hashable {
    /// The source of the entrypoint's own lines.
    package static let entrypoint = "caas"

    /// RFC 3339.
    package let time: String
    /// The stage that printed the line, or ``entrypoint``.
    package let source: String
    /// The line without its line break.
    package let line: String

    package init(time: String, source: String, line: String) {
        self.time = time
        self.source = source
        self.line = line
    }

    package init(json: JSONValue) throws {
        self.init(time: try json.text("time"), source: try json.text("source"), line: try json.text("line"))
    }

    /// The line for a terminal; a mark tells the entrypoint's own lines from any output of a stage.
    package var shown: String {
        source == Self.entrypoint ? ChildLine.ownMark + VisibleText.line(line) : "\(ChildLine(line, of: source))"
    }

    /// The form that ``init(json:)`` reads.
    package var json: JSONValue {
        ["time": .string(time), "source": .string(source), "line": .string(line)]
    }
}
