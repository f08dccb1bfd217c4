/// Extracts log lines from a response that is an event stream or plain text: the API does not document which.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.
struct EventStream {
    private static let fields = ["data", "event", "id", "retry"]

    private var splitter = LineSplitter()
    /// Nil until the first line decides it.
    private var isEventStream: Bool?

    /// Creates the parser; without the type `text/event-stream` the first line decides the format.
    init(contentType: String?) {
        if contentType?.lowercased().hasPrefix("text/event-stream") == true { isEventStream = true }
    }

    /// Returns the log lines that these bytes complete.
    mutating func lines(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        for line in splitter.split(bytes) {
            if let line = logLine(line) { lines.append(line) }
        }
        return lines
    }

    /// Returns the unfinished last line.
    mutating func finish() -> [String] { splitter.finish().flatMap { logLine($0) }.map { [$0] } ?? [] }

    private mutating func logLine(_ line: String) -> String? {
        let field = line.prefix { $0 != ":" }
        let isField = line.contains(":") && (field.isEmpty || Self.fields.contains(String(field)))
        if isEventStream == nil {
            if line.isEmpty { return nil }
            isEventStream = isField
        }
        guard isEventStream == true else { return line }
        // An empty line ends an event. A line that is no field counts as a log line, since the API may mix the two.
        if line.isEmpty { return nil }
        guard isField else { return line }
        guard field == "data" else { return nil }
        let value = line.dropFirst("data:".count)
        return String(value.first == " " ? value.dropFirst() : value)
    }
}
