import RunContract
import TestSupport
import Testing
import Timestamps

/// A container that ends itself when its time or money is over, with no caasctl that watches.
struct EntrypointLimitTests {
    private static let endless = """
        mkdir -p $DATA/ck; trap 'echo asked; exit 0' TERM
        echo weights >$DATA/ck/model_1.bin; echo m >$DATA/ck/meta_1.json; echo ready; while :; do sleep .1; done
        """

    @Test func `a run that has cost what it may ends with 77, and goes on with a larger limit`() async throws {
        var run = try HostRun("money", Self.endless)
        run.program.artifacts = []
        // A dollar a second: the ten seconds are over once the checkpoint is in the bucket.
        run.environment = ["PRICE_USD_PER_HOUR": "3600", "MAX_COST_USD": "10"]
        let printed = try await run.finish("first", with: 77)
        #expect(
            printed.contains("it may not cost more than 10.0 USD, at 3600.0 USD an hour: training ends"), "\(printed)")
        #expect(printed.contains("\nasked\n"))
        #expect(try await run.bucket.checkpoints() == ["1-1"])
        let status = try #require(try await run.bucket.status())
        #expect(status.phase == .failed && status.exitCode == 77)
        #expect(status.reason.hasPrefix("cannot go on: it may not cost more than 10.0 USD"))
        let cost = try #require(status.costUSD)
        #expect(cost >= 9 && cost < 60)
        // What the first attempt cost counts: the second is over at once, before anything is downloaded.
        run.environment["MAX_COST_USD"] = "9"
        let second = try await run.finish("second", with: 77)
        #expect(!second.contains("\nready\n"), "\(second)")
        run.environment["MAX_COST_USD"] = "1000000"
        let third = try run.start("third")
        _ = try await eventually {
            third.printed.contains("restored checkpoint base/1") || third.status != nil ? true : nil
        }
        third.signal(15)
        #expect(try await EntrypointRun.finish(third) == 75, "\(third.printed)")
    }

    @Test func `a deadline ends also what does not answer SIGTERM`() async throws {
        var run = try HostRun("deadline", "trap '' TERM; echo ready; while :; do sleep .1; done")
        run.program.artifacts = []
        run.environment["DEADLINE"] = (Timestamp.now() + 6).rfc3339
        let printed = try await run.finish(with: 77)
        #expect(printed.contains("has come: training ends") && printed.contains("\nready\n"), "\(printed)")
    }

    @Test func `a limit that cannot be read ends the container before anything else`() async throws {
        var run = try HostRun("unreadable", "echo ready")
        run.environment["DEADLINE"] = "soon"
        let printed = try await run.finish(with: 78)
        #expect(printed.contains("cannot use DEADLINE=soon"), "\(printed)")
    }
}
