import POSIX
import SystemPackage

/// Sends a growing file line by line, each as an event, until its writer has ended.
///
/// The framing is the standard's: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.
struct LogFollower: Sendable {
    private static let chunk = 64 << 10

    let path: FilePath
    /// True when nothing more is written.
    let isComplete: @Sendable () async -> Bool

    func follow(to sink: any EventSink) async throws {
        var offset: Int64 = 0
        var line: [UInt8] = []
        var idle = 0
        while !Task.isCancelled {
            // Asked before the file is read: what was written before the end is then surely found.
            let isLast = await isComplete()
            let bytes = try await read(at: offset)
            offset += Int64(bytes.count)
            let events = Self.events(bytes, line: &line)
            if !events.isEmpty {
                idle = 0
                try await sink.send(events)
            }
            if bytes.count == Self.chunk { continue }
            if isLast, bytes.isEmpty { break }
            if bytes.isEmpty, !isLast {
                idle += 1
                // A comment shows both sides that the other is still there.
                if idle % 75 == 0 { try await sink.send(Array(": waiting\n\n".utf8)) }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        if !line.isEmpty { try await sink.send(Self.event(line)) }
    }

    /// The events of every whole line; the rest stays in `line`, which may grow to a chunk.
    static func events(_ bytes: [UInt8], line: inout [UInt8]) -> [UInt8] {
        var events: [UInt8] = []
        for byte in bytes {
            if byte == 0x0A {
                events.append(contentsOf: event(line))
                line = []
                continue
            }
            line.append(byte)
            if line.count == chunk {
                events.append(contentsOf: event(line))
                line = []
            }
        }
        return events
    }

    /// A carriage return would end a line of the event stream, so that each part gets its own `data:`.
    private static func event(_ line: [UInt8]) -> [UInt8] {
        var event: [UInt8] = []
        let content = line.last == 0x0D ? line.dropLast() : line[...]
        for part in content.split(separator: 0x0D, omittingEmptySubsequences: false) {
            event.append(contentsOf: "data: ".utf8)
            event.append(contentsOf: part)
            event.append(0x0A)
        }
        return event + [0x0A]
    }

    private func read(at offset: Int64) async throws -> [UInt8] {
        let path = path
        return try await BlockingThread.run { () throws(POSIXError) -> [UInt8] in
            guard FileSystem.exists(path) else { return [] }
            let file = try File(path, .read)
            var failure: POSIXError?
            let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, count in
                do throws(POSIXError) {
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                } catch { failure = error }
            }
            if let failure { throw failure }
            return bytes
        }
    }
}
