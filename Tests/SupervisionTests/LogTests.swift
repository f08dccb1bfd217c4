import JSON
import RunContract
import Secrets
import Testing

@testable import Supervision

@Suite struct LogTests {
    @Test func `a ring keeps the newest lines within its bounds`() {
        var ring = LogRing(lines: 3, bytes: 100)
        for number in 1...10 { ring.append(LogRecord(time: "", source: "s", line: "\(number)")) }
        #expect(ring.tail(10).map(\.line) == ["8", "9", "10"])
        #expect(ring.tail(2).map(\.line) == ["9", "10"])
        ring.append(LogRecord(time: "", source: "s", line: String(repeating: "x", count: 500)))
        #expect(ring.tail(10).count == 1)
    }

    @Test func `lines end at newlines and carriage returns and are never endless`() {
        var splitter = LineSplitter()
        #expect(splitter.add(Array("a\nb".utf8)) == ["a"])
        #expect(splitter.add(Array("c\r 10%\r\r 20%\r\nrest".utf8)) == ["bc", " 10%", " 20%", ""])
        #expect(splitter.finish() == "rest")
        #expect(splitter.finish() == nil)
        let long = splitter.add([UInt8](repeating: 65, count: 3 * LineSplitter.longest))
        #expect(long.map(\.utf8.count) == [LineSplitter.longest, LineSplitter.longest, LineSplitter.longest])
    }

    @Test func `a secret is hidden wherever the output is cut`() throws {
        let secret = "s3cr3t-value/+with=signs"
        for cut in 1..<secret.utf8.count {
            let log = RunLog(hiding: [Secret(secret)], output: nil)
            let stream = log.stream(of: "base") { #expect(!$0.contains(secret)) }
            stream(Array("before ".utf8) + Array(secret.utf8.prefix(cut)))
            stream(Array(secret.utf8.dropFirst(cut)) + Array(" after\n".utf8))
            stream([])
            #expect(log.tail(10).map(\.line) == ["before <redacted> after"])
            #expect(!String(decoding: log.takePending(), as: UTF8.self).contains(secret))
        }
    }

    @Test func `pieces for the bucket are whole lines of JSON, and what failed goes first the next time`() throws {
        let log = RunLog(hiding: [Secret](), output: nil)
        for number in 0..<100 { log.say("line \(number)") }
        let first = log.takePending(limit: 1000)
        #expect(first.count <= 1000 && first.last == 0x0A)
        log.putBack(first)
        let lines = log.takePending().split(separator: 0x0A)
        #expect(lines.count == 100)
        for (number, line) in lines.enumerated() {
            let record = try LogRecord(json: JSONValue(parsing: line))
            #expect(record.line == "line \(number)" && record.source == LogRecord.entrypoint)
        }
    }

    static let metrics: [(String, [String: String])] = [
        ("step 00012/00500 (2.4%) | loss: 3.141 | lr 1", ["step": "00012", "loss": "3.141"]),
        ("loss: nothing", [:]), ("step 1/2 no", [:]), ("", [:]),
    ]

    @Test(arguments: metrics) func `named groups are metrics`(_ line: String, _ values: [String: String]) throws {
        let rule = Program.MetricRule(line: "loss:", match: #"step (?<step>\d+)/.* loss: (?<loss>[\d.]+)"#)
        #expect(try MetricReader([rule]).values(in: line) == values)
    }

    @Test func `a curve stays bounded and keeps its beginning`() {
        let board = RunBoard(run: "r", stages: [])
        for step in 0..<5000 { board.record(["step": "\(step)", "loss": "\(1.0 / Double(step + 1))"]) }
        let points = board.snapshot.series["loss"] ?? []
        #expect(points.count <= 400 && points.first?.x == 0 && points.last?.x == 4999)
        #expect(board.status.step == 4999)
    }
}
