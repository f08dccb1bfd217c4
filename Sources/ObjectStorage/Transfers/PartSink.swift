import HTTP
import Synchronization

/// Takes one part of an object out of an answer, which may be just that range or, from some servers, all of it.
final class PartSink: HTTPBodySink {
    /// Thrown to end an answer that goes on after the part.
    private struct Enough: Error {}

    private struct State {
        /// Where in the object the next byte of the answer is.
        var position: Int64 = 0
        /// Bytes of the part that have come.
        var received: Int64 = 0
    }

    private let offset: Int64
    private let length: Int64
    private let state = Mutex(State())
    private let writer: PartWriter
    private let progress: @Sendable (Int64) -> Void

    /// `progress` hears how many bytes of the part have come; fewer than before where it comes once more.
    init(offset: Int64, length: Int64, into writer: PartWriter, progress: @escaping @Sendable (Int64) -> Void) {
        self.offset = offset
        self.length = length
        self.writer = writer
        self.progress = progress
    }

    /// True once every byte of the part has come.
    var isComplete: Bool { state.withLock { $0.received == length } }

    func begin(_ response: HTTPResponse) throws {
        // rclone answers 200 to a range, and sends the range all the same; Content-Range tells.
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

    /// The first byte that `bytes 10-19/100` names. <https://www.rfc-editor.org/rfc/rfc9110#section-14.4>
    private static func start(_ range: String) -> Int64? {
        let parts = range.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        return parts[1].split(separator: "-").first.flatMap { Int64($0) }
    }
}
