@testable import Deployment
import CloudSupport
import HTTP
import JSON
import RunContract
import Secrets
import TestSupport
import Testing

@Suite struct LogTests {
    private func lines(_ text: String, type: String?, cutAt cuts: [Int]) -> [String] {
        var stream = EventStream(contentType: type)
        let bytes = Array(text.utf8)
        var lines: [String] = []
        var start = 0
        for end in cuts + [bytes.count] {
            bytes[start..<end].withUnsafeBytes { lines += stream.lines($0) }
            start = end
        }
        return lines + stream.finish()
    }

    private static let logs: [(text: String, type: String?, lines: [String])] = [
        ("data: one\n\ndata:two\n\n", "text/event-stream; charset=utf-8", ["one", "two"]),
        ("data: one\r\n\r\ndata: two\r\n\r\n", nil, ["one", "two"]),
        (": keep-alive\n\nevent: log\nid: 7\ndata: a: b\ndata:\ndata:  c\n\n", nil, ["a: b", "", " c"]),
        ("data: one\n\na line without a field\n", "text/event-stream", ["one", "a line without a field"]),
        ("step 1 | loss: 2\n\nid est\nlast", "text/plain", ["step 1 | loss: 2", "", "id est", "last"]),
        ("\nstep 1\ndata: raw\n", nil, ["step 1", "data: raw"]),
        ("data: übung ✓\n\n", nil, ["übung ✓"]),
        ("", nil, []),
    ]

    @Test(arguments: logs.indices) func `lines are whole wherever the stream is cut`(index: Int) {
        let log = Self.logs[index]
        let length = log.text.utf8.count
        #expect(lines(log.text, type: log.type, cutAt: []) == log.lines)
        for first in 0...length {
            #expect(lines(log.text, type: log.type, cutAt: [first]) == log.lines)
        }
        #expect(lines(log.text, type: log.type, cutAt: Array(0..<length)) == log.lines)
    }

    @Test(
        arguments: [
            // The new connection starts with the whole log, with its end, or with new lines.
            (["a", "b", "c"], ["a", "b", "c", "d", "e"], ["d", "e"]),
            (["a", "b", "c"], ["b", "c", "d"], ["d"]),
            (["a", "b", "c"], ["d", "e"], ["d", "e"]),
            // Repeated lines: the longest repetition is taken.
            (["a", "a", "a"], ["a", "a", "a", "b"], ["b"]),
            (["a", "b", "a"], ["a", "b", "a", "b", "a"], ["b", "a"]),
            // Lines that look like a repetition at first but are new.
            (["a", "b", "c"], ["a", "x"], ["a", "x"]),
            ([], ["a"], ["a"]),
        ] as [([String], [String], [String])])
    func `what a new connection repeats is left out`(first: [String], second: [String], new: [String]) {
        var filter = ReplayFilter()
        filter.reconnect()
        #expect(first.flatMap { filter.filter($0) } == first)
        filter.reconnect()
        #expect(second.flatMap { filter.filter($0) } == new)
        // A third connection skips the lines of both earlier ones.
        filter.reconnect()
        #expect((first + new + ["last"]).flatMap { filter.filter($0) } == ["last"])
    }

    @Test func `a log that breaks is read on`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, count in
            guard request.path.contains("/log/") else {
                return request.path.hasSuffix("/deployment/d") && count > 4
                    ? IonetDouble.json(["id": "d", "status": "completed"]) : nil
            }
            guard request.target.hasSuffix("stream=stdout") else { return .answer(200) }
            let whole = (1...6).map { "data: line \($0)\n\n" }
            let text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
            // The first connection of each stream breaks in the middle of a line, with a transfer error.
            return count <= 2
                ? .bytes(Array((text + "Content-Length: 1000\r\n\r\n" + whole[..<3].joined() + "data: li").utf8))
                : .bytes(Array((text + "\r\n" + whole.joined()).utf8))
        }
        double.add(name: "demo-1", id: "d")
        var machine = MachineRecord(
            name: "demo-1", created: "", target: "ionet", api: "", image: "", hardware: "", gpus: 1, hours: 1,
            priceUSD: 0, port: 1)
        machine.deployment = .string("d")
        let record = RunRecord(run: try RunID("demo-1"), created: "", bucket: nil, machines: [machine])
        var follower = LogFollower(try fixture.client(double), record: record, bucket: nil)
        follower.interval = 0.02
        let said = SaidLines()
        try await follower.read(following: true) { said.add($0) }
        #expect(said.all == (1...6).map { "line \($0)" })
    }

    @Test func `pieces of the log are put in order by their numbers`() {
        let keys = [
            "r/logs/10-000001.jsonl", "r/logs/2-000010.jsonl", "r/logs/2-000009.jsonl", "r/logs/1-000001.jsonl",
        ]
        #expect(
            keys.sorted(by: RunBucket.isEarlier) == [
                "r/logs/1-000001.jsonl", "r/logs/2-000009.jsonl", "r/logs/2-000010.jsonl", "r/logs/10-000001.jsonl",
            ])
    }
}
