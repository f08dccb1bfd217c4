import RunContract
import Synchronization
import Testing
import Timestamps

@testable import Supervision

/// The deadline of a run, and the money that it may cost.
struct SpendingLimitsTests {
    private static func limits(_ variables: [String: String]) throws -> SpendingLimits {
        try SpendingLimits(InheritedEnvironment(variables, image: [:]))
    }

    private static let noon = Timestamp(seconds: 1_800_000_000)

    @Test(
        arguments: [
            ([:], 0, nil), (["PRICE_USD_PER_HOUR": "24"], 0, nil),
            (["DEADLINE": "2027-01-15T09:00:00Z"], 0, 3600), (["DEADLINE": "2027-01-15T07:00:00Z"], 0, -3600),
            (["MAX_COST_USD": "12", "PRICE_USD_PER_HOUR": "24"], 0, 1800),
            (["MAX_COST_USD": "12", "PRICE_USD_PER_HOUR": "24"], 6, 900),
            (["MAX_COST_USD": "12", "PRICE_USD_PER_HOUR": "24"], 18, -900),
            (["MAX_COST_USD": "12", "PRICE_USD_PER_HOUR": "24", "DEADLINE": "2027-01-15T08:10:00Z"], 0, 600),
            (["MAX_COST_USD": "1e300", "PRICE_USD_PER_HOUR": "1e-300"], 0, 3_600_000_000),
        ] as [([String: String], Double, Double?)])
    func `the nearer limit counts, with what earlier attempts cost`(
        _ variables: [String: String], _ spent: Double, _ seconds: Double?
    ) throws {
        let rest = try Self.limits(variables).rest(from: Self.noon, spent: spent)
        #expect(rest?.time.seconds == seconds)
    }

    @Test(
        arguments: [
            (["DEADLINE": "tomorrow"], "cannot use DEADLINE=tomorrow: it is no time as in 2026-12-24T18:00:00Z"),
            (
                ["MAX_COST_USD": "0", "PRICE_USD_PER_HOUR": "1"],
                "cannot use MAX_COST_USD=0: it is no positive number of dollars"
            ),
            (["PRICE_USD_PER_HOUR": "nan"], "cannot use PRICE_USD_PER_HOUR=nan: it is no positive number of dollars"),
            (["MAX_COST_USD": "5"], "cannot hold MAX_COST_USD: PRICE_USD_PER_HOUR does not say what an hour costs"),
        ])
    func `a limit that cannot be held is an error`(_ variables: [String: String], _ text: String) {
        let error = #expect(throws: SupervisionError.self) { _ = try Self.limits(variables) }
        #expect(error?.status == RunExit.configuration.rawValue && error?.description == text)
    }

    @Test func `a tenth of the time is for uploads, and ten minutes at most`() {
        #expect(SpendingLimits.reserve(of: .seconds(100)) == .seconds(10))
        #expect(SpendingLimits.reserve(of: .seconds(100_000)) == .seconds(600))
    }

    @Test func `what is over at the start ends at once`() async throws {
        let limits = try Self.limits(["MAX_COST_USD": "12", "PRICE_USD_PER_HOUR": "24"])
        let watch = SpendingWatch(limits)
        watch.add(spent: 12)
        let left = Mutex<Duration?>(nil)
        let runState = RunState(run: "limits-20260102-030405-abcd", stages: [])
        await watch.run(runState, log: RunLog(hiding: [], output: nil)) { time in left.withLock { $0 = time } }
        #expect(left.withLock { $0 } == .seconds(5))
        #expect(watch.reached == "it may not cost more than 12.0 USD, at 24.0 USD an hour")
        #expect(runState.status.costUSD == 12)
    }
}
