import JSON
import RunContract
import Testing

@testable import Supervision

/// Lines that wait for an unreachable bucket.
struct PendingLogTests {
    private static func lines(_ bytes: [UInt8]) throws -> [LogRecord] {
        try bytes.split(separator: UInt8(ascii: "\n")).map { try LogRecord(json: JSONValue(parsing: $0)) }
    }

    private static func line(_ number: Int) -> [UInt8] {
        LogRecord(time: "t", source: "base", line: "line \(number)").json.encoded()
    }

    @Test func `lines that had to go leave a line that says how many`() throws {
        var log = PendingLog(most: 10_000)
        for number in 0..<1000 { log.append(Self.line(number)) }
        #expect(log.count <= 10_000)
        var taken: [LogRecord] = []
        while log.count > 0 { taken += try Self.lines(log.take(1000)) }
        let mark = taken.removeFirst()
        let lost = try #require(mark.line.split(separator: " ").first.flatMap { Int($0) })
        #expect(mark.source == LogRecord.entrypoint && mark.line.contains("are missing here"))
        #expect(lost + taken.count == 1000)
        #expect(taken.map(\.line) == (lost..<1000).map { "line \($0)" })
    }

    @Test func `what was put back comes first, and nothing is lost below the limit`() throws {
        var log = PendingLog(most: 1 << 20)
        for number in 0..<10 { log.append(Self.line(number)) }
        let first = log.take(200)
        log.append(Self.line(10))
        log.putBack(first)
        #expect(try Self.lines(log.take(1 << 20)).map(\.line) == (0...10).map { "line \($0)" })
        #expect(log.count == 0 && log.take(10).isEmpty)
    }

    @Test func `a line longer than the limit is taken whole`() throws {
        var log = PendingLog(most: 1 << 20)
        log.append(Self.line(0))
        log.append(Self.line(1))
        #expect(try Self.lines(log.take(3)).map(\.line) == ["line 0"])
    }
}
