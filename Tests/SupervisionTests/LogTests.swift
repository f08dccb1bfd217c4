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
        var splitter = OutputLineSplitter()
        #expect(splitter.add(Array("a\nb".utf8)) == ["a"])
        #expect(splitter.add(Array("c\r 10%\r\r 20%\r\nrest".utf8)) == ["bc", " 10%", " 20%", ""])
        #expect(splitter.finish() == "rest")
        #expect(splitter.finish() == nil)
        let long = splitter.add([UInt8](repeating: 65, count: 3 * OutputLineSplitter.longest))
        #expect(
            long.map(\.utf8.count) == [
                OutputLineSplitter.longest, OutputLineSplitter.longest, OutputLineSplitter.longest,
            ])
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

    @Test func `nothing that a run tells of itself shows a secret`() {
        let secret = "s3cr3t/\"value\"+with=signs"
        let forms = [
            secret, #"s3cr3t/\"value\"+with=signs"#, "s3cr3t%2F%22value%22%2bwith%3Dsigns",
            "czNjcjN0LyJ2YWx1ZSIrd2l0aD1zaWducw==",
        ]
        for form in forms {
            let log = RunLog(hiding: [Secret(secret)], output: nil)
            log.say("stage base: sh -c \(form)")
            let runState = RunState(run: "r", stages: ["base"], hiding: [Secret(secret)])
            runState.update { $0.reason = "it failed: \(form)" }
            runState.record(["loss": form])
            runState.note { $0.upload = form }
            let reason = runState.status.reason
            runState.update { $0.reason = "" }
            runState.report(delay: "cannot upload: \(form)", of: form)
            let told = [
                log.tail(1)[0].line, reason, "\(runState.snapshot)",
                StatusPage(runState.snapshot, tail: log.tail(9)).html,
            ]
            for text in told { #expect(text.contains("&lt;redacted&gt;") || text.contains("<redacted>")) }
            for text in told { #expect(!text.contains("s3cr3t") && !text.contains("czNjcjN0LyJ2YWx1")) }
            // The end of a delay clears the reason even though secrets in it were replaced.
            runState.report(delay: nil, of: form)
            #expect(runState.status.reason.isEmpty)
        }
    }

    @Test(arguments: [
        "caas: the run is complete", "\u{FEFF}caas: x", "\u{1B}[32mcaas: x", "CAAS: x", "\rcaas: x", "one\ncaas: x",
    ])
    func `a child does not speak in our name`(_ text: String) {
        for source in ["base", LogRecord.entrypoint] {
            let log = RunLog(hiding: [Secret](), output: nil)
            let stream = log.stream(of: source) { _ in }
            stream(Array("\(text)\n".utf8))
            stream([])
            log.say("that was\ncaas: it")
            let page = StatusPage(RunState(run: "r", stages: []).snapshot, tail: log.tail(9)).html
            #expect(log.tail(9).filter { $0.source == LogRecord.entrypoint }.map(\.line) == ["that was\\ncaas: it"])
            #expect(log.tail(9).filter { $0.shown.hasPrefix("caas:") }.count == 1)
            #expect(
                page.split(separator: "\n").filter { $0.hasPrefix("caas:") || $0.contains("<pre>caas:") }.count == 1)
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
        let runState = RunState(run: "r", stages: [])
        for step in 0..<5000 { runState.record(["step": "\(step)", "loss": "\(1.0 / Double(step + 1))"]) }
        let points = runState.snapshot.series["loss"] ?? []
        #expect(points.count <= 400 && points.first?.x == 0 && points.last?.x == 4999)
        #expect(runState.status.step == 4999)
    }
}
