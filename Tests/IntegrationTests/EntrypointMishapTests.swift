import POSIX
import TestSupport
import Testing

/// Tests of whole runs that are killed, flooded and cut off from their bucket repeatedly until they complete.
struct EntrypointMishapTests {
    /// The number of mishaps per run, not counting those that coincide with another.
    private static let each = 5
    /// The seeds of the runs: `CAASCTL_KILLS=1000` for the long form, `CAASCTL_SEED` for the first seed.
    private static let seeds: Range<UInt64> = {
        let kills = ProcessEnvironment.value("CAASCTL_KILLS").flatMap { UInt64($0) } ?? 60
        let first = ProcessEnvironment.value("CAASCTL_SEED").flatMap { UInt64($0) } ?? 0
        return first..<(first + max(1, kills / UInt64(each)))
    }()

    @Test(arguments: seeds)
    func `kills, floods and outages lose nothing of a run`(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let run = try await MishapRun(seed: seed)
        do {
            for mishap in RunMishap.allCases.shuffled(using: &random).prefix(Self.each) { try await run.suffer(mishap) }
            try await run.complete()
        } catch {
            await run.abandon()
            throw error
        }
    }
}
