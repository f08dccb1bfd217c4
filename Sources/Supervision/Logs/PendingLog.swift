import JSON
import RunContract
import Timestamps

/// Lines that wait for their upload, bounded in bytes; a line in place of dropped ones states their number.
struct PendingLog {
    private let most: Int
    private var bytes: [UInt8] = []
    private var lost = (lines: 0, bytes: 0)

    init(most: Int) { self.most = most }

    /// The number of waiting bytes, plus 1 if lines were dropped.
    var count: Int { bytes.count + (lost.lines > 0 ? 1 : 0) }

    /// Adds a line without its line break; drops the oldest lines beyond the limit.
    mutating func append(_ line: [UInt8]) {
        bytes.append(contentsOf: line)
        bytes.append(UInt8(ascii: "\n"))
        guard bytes.count > most else { return }
        // Dropping a sixteenth at once makes drops rare.
        drop(bytes.count - most + most / 16)
    }

    /// Drops the oldest whole lines, at least `least` bytes.
    private mutating func drop(_ least: Int) {
        let from = min(max(least - 1, 0), bytes.count - 1)
        let end = bytes[from...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
        lost.lines += bytes[..<end].count { $0 == UInt8(ascii: "\n") }
        lost.bytes += end
        bytes.removeFirst(end)
    }

    /// Removes and returns whole lines of at most about `limit` bytes.
    mutating func take(_ limit: Int) -> [UInt8] {
        let mark = mark()
        lost = (0, 0)
        guard bytes.count > limit else {
            defer { bytes = [] }
            return mark + bytes
        }
        let end =
            bytes[..<limit].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
            ?? bytes[limit...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
        defer { bytes.removeFirst(end) }
        return mark + bytes[..<end]
    }

    /// Returns the line that replaces dropped lines, empty if none were dropped.
    private func mark() -> [UInt8] {
        guard lost.lines > 0 else { return [] }
        let record = LogRecord(
            time: Timestamp.now().rfc3339, source: LogRecord.entrypoint,
            line: "\(lost.lines) lines of \(lost.bytes) bytes are missing here: the bucket did not take them in time")
        return record.json.encoded() + [UInt8(ascii: "\n")]
    }

    /// Puts back the bytes that were taken last.
    mutating func putBack(_ taken: [UInt8]) { bytes.insert(contentsOf: taken, at: 0) }
}
