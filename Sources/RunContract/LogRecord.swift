public import JSON
private import TerminalText

/// One line of `logs/<attempt>-<seq>.jsonl`: something that a stage printed, or that the entrypoint has to say.
public struct LogRecord: Sendable, Hashable {
    /// What the entrypoint's own lines have as source.
    public static let entrypoint = "caas"

    /// RFC 3339.
    public let time: String
    /// The stage that printed it, or ``entrypoint``.
    public let source: String
    /// The line without its end.
    public let line: String

    /// A line from its parts.
    public init(time: String, source: String, line: String) {
        self.time = time
        self.source = source
        self.line = line
    }

    /// Reads one.
    public init(json: JSONValue) throws(JSONError) {
        self.init(time: try json.text("time"), source: try json.text("source"), line: try json.text("line"))
    }

    /// As a terminal shows it, ours told apart from whatever the stages print.
    public var shown: String {
        source == Self.entrypoint ? ChildLine.ownMark + VisibleText.line(line) : "\(ChildLine(line, of: source))"
    }

    /// The form that ``init(json:)`` reads.
    public var json: JSONValue {
        ["time": .string(time), "source": .string(source), "line": .string(line)]
    }
}
