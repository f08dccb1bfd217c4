package import RunContract

/// The newest lines of a log, bounded in number and bytes.
package struct LogRing: Sendable {
    private var records: [LogRecord] = []
    private var first = 0
    private var bytes = 0
    /// How many lines were ever added.
    package private(set) var total = 0
    private let mostLines: Int
    private let mostBytes: Int

    package init(lines: Int = 2000, bytes: Int = 1 << 20) {
        mostLines = lines
        mostBytes = bytes
    }

    /// Adds a line and removes the oldest lines that exceed the limits.
    package mutating func append(_ record: LogRecord) {
        records.append(record)
        total += 1
        bytes += record.line.utf8.count
        while records.count - first > mostLines || (bytes > mostBytes && records.count - first > 1) {
            bytes -= records[first].line.utf8.count
            first += 1
        }
        // Compacting the array only occasionally keeps each call cheap.
        if first > mostLines {
            records.removeFirst(first)
            first = 0
        }
    }

    /// Returns the newest lines in chronological order.
    package func tail(_ count: Int) -> ArraySlice<LogRecord> { records[first...].suffix(count) }
}
