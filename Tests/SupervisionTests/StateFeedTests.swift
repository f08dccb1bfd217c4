import JSON
import RunContract
import Secrets
import SystemPackage
import Testing

@testable import Supervision

/// What a viewer of the page gets: the state once, and then what has changed.
struct StateFeedTests {
    private let runState = RunState(run: "run-1", stages: ["base", "end"])
    private let log = RunLog(hiding: [Secret](), output: nil)

    private static func members(_ event: [UInt8]?, _ name: String) throws -> JSONValue {
        let text = String(decoding: try #require(event), as: UTF8.self)
        #expect(text.hasPrefix("event: \(name)\ndata: ") && text.hasSuffix("\n\n"))
        let data = text.dropFirst("event: \(name)\ndata: ".count).dropLast(2)
        // A line break in the data would end it.
        #expect(!data.contains("\n"))
        return try JSONValue(parsing: Array(data.utf8))
    }

    @Test func `the changes lead from one whole state to the next`() throws {
        let feed = StateFeed(runState: runState, log: log)
        let first = try Self.members(feed.whole(fresh: true), "state")
        #expect(first["run"]?.string == "run-1" && first["log"]?.array?.isEmpty == true)
        #expect(feed.tick() == nil)
        runState.enter(.stages)
        runState.stage("base", is: .running)
        runState.record(["step": "5", "loss": "2.5"])
        runState.record(["step": "6", "loss": "nan"])
        log.say("hello\n<b>")
        let tick = try Self.members(feed.tick(), "tick")
        #expect(tick["phase"]?.string == "stages" && tick["run"] == nil)
        #expect(tick["points"]?["loss"]?.array?.count == 1)
        #expect(tick["lines"]?.array?.count == 1)
        #expect(feed.tick() == nil)
        // A viewer who comes between two ticks gets what the others have, and the next tick fits.
        runState.record(["step": "7", "loss": "2.0"])
        log.say("more")
        let second = try Self.members(feed.whole(fresh: false), "state")
        #expect(second["series"]?["loss"]?.array?.count == 1 && second["log"]?.array?.count == 1)
        let next = try Self.members(feed.tick(), "tick")
        #expect(next["points"]?["loss"]?.array?.first?.array?.first?.double == 7)
        #expect(next["lines"]?.array?.first?["line"]?.string == "more")
        let third = try Self.members(feed.whole(fresh: false), "state")
        #expect(third["series"]?["loss"]?.array?.count == 2 && third["log"]?.array?.count == 2)
    }

    @Test func `phases have their times, and stages mark the curves`() throws {
        runState.enter(.preflight)
        runState.enter(.stages)
        runState.stage("base", is: .running)
        runState.record(["step": "1", "loss": "1"])
        let members = PageState.members(of: runState.snapshot)
        #expect(members["phases"]?.array?.map { $0["state"]?.string } == ["done", "running"])
        #expect(members["marks"]?.array?.first?["name"]?.string == "base")
        #expect(members["stages"]?.array?.count == 2)
    }

    @Test func `the machine is read as the kernel and nvidia-smi show it`() throws {
        let gpu = try #require(MachineSample.GPU("0, NVIDIA H100 80GB HBM3, 97, 70000, 81559, 61, 650.12"))
        #expect(gpu.json["utilization"]?.double == 97 && gpu.json["name"]?.string == "NVIDIA H100 80GB HBM3")
        #expect(gpu.json["memory_used"]?.double == 73_400_320_000.0)
        #expect(MachineSample.GPU("1, Tesla T4, [N/A], 1, 2, 3, [N/A]")?.json["power"] == .null)
        #expect(MachineSample.GPU("No devices were found") == nil)
        let counters = MachineSample.Counters(
            stat: "cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 5 0 5 35 5 0 0 0 0 0\ncpu1 5 0 5 35 5 0 0 0 0 0\nintr 5\n",
            network:
                "Inter-| Receive\n face |bytes\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  eth0: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0\n"
        )
        #expect((counters.busy, counters.all) == (20, 100) && counters.processors == 2)
        #expect((counters.received, counters.sent) == (100, 200))
        let memory = MachineSample.Host.memory("MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\n")
        #expect(memory.used == 600 * 1024 && memory.total == 1000 * 1024)
    }
}
