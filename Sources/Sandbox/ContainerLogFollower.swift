import POSIX
import SystemPackage

/// Sends a growing file as server-sent events, one for each line, until its writer has ended.
///
/// Framing: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.
struct ContainerLogFollower: Sendable {
    private static let chunk = 64 << 10

    let path: FilePath
    /// Returns true once nothing more will be written.
    let isComplete: @Sendable () async -> Bool

    func follow(to sink: any EventSink) async throws {
        var offset: Int64 = 0
        var line: [UInt8] = []
        var idle = 0
        while !Task.isCancelled {
            // Called before the read, so that the read includes everything that was written before the end.
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
                // A comment line every 15 seconds keeps the connection alive and detects a dead one.
                if idle % 75 == 0 { try await sink.send(Array(": waiting\n\n".utf8)) }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        if !line.isEmpty { try await sink.send(Self.event(line)) }
    }

    /// Returns the events of all complete lines and keeps the rest in `line`.
    ///
    /// A line that fills a chunk becomes an event without its end.
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

    /// Returns the event of a line.
    ///
    /// A carriage return would end a field of the event stream, so that each part gets its own `data:` field.
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
        return try await BlockingThread.run { () throws -> [UInt8] in
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
