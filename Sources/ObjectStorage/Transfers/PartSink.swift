import HTTP
import Synchronization

/// Takes one part of an object from an answer, which some servers send whole instead of just the range.
final class PartSink: HTTPBodySink {
    /// Thrown to end an answer that continues after the part.
    private struct Enough: Error {}

    private struct State {
        /// The offset in the object of the answer's next byte.
        var position: Int64 = 0
        /// The bytes of the part received so far.
        var received: Int64 = 0
    }

    private let offset: Int64
    private let length: Int64
    private let state = Mutex(State())
    private let writer: PartWriter
    private let progress: @Sendable (Int64) -> Void

    /// Creates a sink; `progress` receives the part's bytes so far, fewer than before where the part is sent again.
    init(offset: Int64, length: Int64, into writer: PartWriter, progress: @escaping @Sendable (Int64) -> Void) {
        self.offset = offset
        self.length = length
        self.writer = writer
        self.progress = progress
    }

    /// True once every byte of the part was received.
    var isComplete: Bool { state.withLock { $0.received == length } }

    func begin(_ response: HTTPResponse) throws {
        // rclone answers 200 to a range request but sends only the range; its Content-Range header shows that.
        let start = response.headers["Content-Range"].flatMap(Self.start) ?? (response.status == 206 ? offset : 0)
        guard start <= offset else { throw StorageError(.other, "read a range", "the server sent another one") }
        state.withLock { $0 = State(position: start) }
        writer.restart()
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        let (position, received) = state.withLock { ($0.position, $0.received) }
        if received == length { throw Enough() }
        let skipped = Int(min(Int64(bytes.count), max(0, offset + received - position)))
        let wanted = UnsafeRawBufferPointer(
            rebasing: bytes[skipped...].prefix(Int(min(Int64(bytes.count), length - received))))
        if !wanted.isEmpty {
            try writer.take(wanted)
            progress(received + Int64(wanted.count))
        }
        state.withLock {
            $0.position = position + Int64(bytes.count)
            $0.received = received + Int64(wanted.count)
        }
    }

    /// Returns the first position in `bytes 10-19/100`. <https://www.rfc-editor.org/rfc/rfc9110#section-14.4>
    private static func start(_ range: String) -> Int64? {
        let parts = range.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        return parts[1].split(separator: "-").first.flatMap { Int64($0) }
    }
}
