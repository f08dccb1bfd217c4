/// The lines of a log in an answer that is an event stream or plain text: which of the two is not documented.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.
struct EventStream {
    private static let fields = ["data", "event", "id", "retry"]

    private var splitter = LineSplitter()
    /// Nil until the first line decides.
    private var isEventStream: Bool?

    /// `contentType` decides where it says `text/event-stream`; else the first line does.
    init(contentType: String?) {
        if contentType?.lowercased().hasPrefix("text/event-stream") == true { isEventStream = true }
    }

    /// The lines of the log that end in these bytes.
    mutating func lines(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        for line in splitter.split(bytes) {
            if let line = logLine(line) { lines.append(line) }
        }
        return lines
    }

    /// What came after the last end of a line.
    mutating func finish() -> [String] { splitter.finish().flatMap { logLine($0) }.map { [$0] } ?? [] }

    private mutating func logLine(_ line: String) -> String? {
        let field = line.prefix { $0 != ":" }
        let isField = line.contains(":") && (field.isEmpty || Self.fields.contains(String(field)))
        if isEventStream == nil {
            if line.isEmpty { return nil }
            isEventStream = isField
        }
        guard isEventStream == true else { return line }
        // The empty line ends an event. What is no field is taken for a line of the log, as the API may mix them.
        if line.isEmpty { return nil }
        guard isField else { return line }
        guard field == "data" else { return nil }
        let value = line.dropFirst("data:".count)
        return String(value.first == " " ? value.dropFirst() : value)
    }
}
