import JSON
package import RunContract
package import Secrets
import Synchronization
private import Wording
private import Timestamps

/// The log of a run without its secrets: goes to standard output, to the page, and in pieces to the bucket.
package final class RunLog: Sendable {
    /// Limit in bytes for lines that wait for upload; beyond it the oldest are dropped.
    ///
    /// An unreachable bucket must not fill the memory.
    private static let mostPending = 32 << 20

    private struct State {
        var ring = LogRing()
        var pending = PendingLog(most: mostPending)
    }

    private let state = Mutex(State())
    private let scrubber: Scrubber
    private let output: ContainerOutput?

    /// Creates a log that hides these secrets; without an `output` it prints nothing.
    package init(hiding secrets: some Sequence<Secret>, output: ContainerOutput?) {
        scrubber = Scrubber(secrets)
        self.output = output
    }

    /// Logs a message of the entrypoint itself.
    package func say(_ text: String) {
        // On one line: a line break in quoted text could otherwise begin a line that looks like the entrypoint's own.
        let clean = VisibleText.line(scrubber.scrubbed(text))
        output?.write(ChildLine.ownMark + clean)
        record(clean, source: LogRecord.entrypoint)
    }

    /// Returns a function that takes a child's output piece by piece; an empty piece ends the stream.
    func stream(of source: String, onLine: @escaping @Sendable (String) -> Void) -> @Sendable ([UInt8]) -> Void {
        let source = source == LogRecord.entrypoint ? "stage \(source)" : source
        let parts = Mutex((scrubber: scrubber, splitter: OutputLineSplitter()))
        return { [self] bytes in
            let lines = parts.withLock { parts in
                if !bytes.isEmpty { return parts.splitter.add(parts.scrubber.scrub(bytes)) }
                var lines = parts.splitter.add(parts.scrubber.finish())
                if let last = parts.splitter.finish() { lines.append(last) }
                return lines
            }
            for line in lines {
                output?.write(ChildLine(line, of: source).description)
                record(line, source: source)
                onLine(line)
            }
        }
    }

    private func record(_ line: String, source: String) {
        let record = LogRecord(time: Timestamp.now().rfc3339, source: source, line: line)
        let encoded = record.json.encoded()
        state.withLock { state in
            state.ring.append(record)
            state.pending.append(encoded)
        }
    }

    /// Returns the newest lines in chronological order.
    package func tail(_ count: Int) -> [LogRecord] { state.withLock { Array($0.ring.tail(count)) } }

    /// Returns the lines after the first `count` of the whole log, as far as they are still known, and how many there are.
    func lines(after count: Int) -> (lines: [LogRecord], total: Int) {
        state.withLock { state in
            let total = state.ring.total
            return (Array(state.ring.tail(max(0, total - count))), total)
        }
    }

    /// The number of bytes that wait for upload.
    var pendingBytes: Int { state.withLock { $0.pending.count } }

    /// Removes and returns whole lines for an upload, at most about `limit` bytes.
    func takePending(limit: Int = 1 << 20) -> [UInt8] { state.withLock { $0.pending.take(limit) } }

    /// Puts back lines whose upload failed.
    func putBack(_ bytes: [UInt8]) { state.withLock { $0.pending.putBack(bytes) } }
}
