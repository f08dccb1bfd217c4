import ArgumentParser
import Definitions
import Deployment
import POSIX

/// `caasctl logs`: what a run prints.
struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what a run prints: from its container while it lives, else from its bucket.")

    @OptionGroup var run_: RunOptions

    @Flag(name: .shortAndLong, help: "Go on until the run is over.")
    var follow = false

    func run() async throws {
        let settings = try run_.options.settings()
        let (record, ionet, _) = try await run_.find(settings)
        let follower = LogFollower(ionet, record: record, bucket: run_.bucketIfAny(of: record, settings))
        try await follower.read(following: follow) { StandardOutput.print($0) }
    }
}
