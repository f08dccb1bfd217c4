import POSIX
import TestSupport
import Testing

/// Whole runs that are killed, flooded and cut off from their bucket, again and again, until they are complete.
struct EntrypointMishapTests {
    /// Mishaps a run, beside those that come together with one.
    private static let each = 5
    /// `CAASCTL_KILLS=1000` for the long form, `CAASCTL_SEED` for where it begins.
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
