import JSON
package import RunContract
package import Secrets
import Synchronization
private import TerminalText
private import Timestamps

/// Everything that a run prints, without its secrets: to standard output, to the page, and in pieces to the bucket.
package final class RunLog: Sendable {
    /// What waits for its upload beyond this is dropped, oldest first: a bucket that is gone must not fill the memory.
    private static let mostPending = 32 << 20

    private struct State {
        var ring = LogRing()
        var pending = PendingLog(most: mostPending)
    }

    private let state = Mutex(State())
    private let scrubber: Scrubber
    private let output: StandardOutput?

    /// A log that hides these secrets; nothing is shown where there is no output.
    package init(hiding secrets: some Sequence<Secret>, output: StandardOutput?) {
        scrubber = Scrubber(secrets)
        self.output = output
    }

    /// Says something about the run itself.
    package func say(_ text: String) {
        // On one line: what it repeats may have an end of line, and behind that could speak in our name.
        let clean = VisibleText.line(scrubber.scrubbed(text))
        output?.write(ChildLine.ownMark + clean)
        record(clean, source: LogRecord.entrypoint)
    }

    /// A stream of what one child prints; the pieces go in as they come, an empty one ends it.
    func stream(of source: String, onLine: @escaping @Sendable (String) -> Void) -> @Sendable ([UInt8]) -> Void {
        let source = source == LogRecord.entrypoint ? "stage \(source)" : source
        let parts = Mutex((scrubber: scrubber, splitter: LineSplitter()))
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

    /// The newest lines, the oldest of them first.
    package func tail(_ count: Int) -> [LogRecord] { state.withLock { Array($0.ring.tail(count)) } }

    /// Bytes that wait for their upload.
    var pendingBytes: Int { state.withLock { $0.pending.count } }

    /// Whole lines to be uploaded, at most about `limit` bytes; they are gone from here.
    func takePending(limit: Int = 1 << 20) -> [UInt8] { state.withLock { $0.pending.take(limit) } }

    /// Puts back what could not be uploaded.
    func putBack(_ bytes: [UInt8]) { state.withLock { $0.pending.putBack(bytes) } }
}
