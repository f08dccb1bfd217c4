package import RunContract

/// The newest lines of a log, bounded in number and bytes.
package struct LogRing: Sendable {
    private var records: [LogRecord] = []
    private var first = 0
    private var bytes = 0
    private let mostLines: Int
    private let mostBytes: Int

    /// An empty ring.
    package init(lines: Int = 2000, bytes: Int = 1 << 20) {
        mostLines = lines
        mostBytes = bytes
    }

    /// Adds a line and forgets the oldest ones that no longer fit.
    package mutating func append(_ record: LogRecord) {
        records.append(record)
        bytes += record.line.utf8.count
        while records.count - first > mostLines || (bytes > mostBytes && records.count - first > 1) {
            bytes -= records[first].line.utf8.count
            first += 1
        }
        // Moving the rest only now and then keeps each line cheap.
        if first > mostLines {
            records.removeFirst(first)
            first = 0
        }
    }

    /// The newest lines, the oldest of them first.
    package func tail(_ count: Int) -> ArraySlice<LogRecord> { records[first...].suffix(count) }
}
