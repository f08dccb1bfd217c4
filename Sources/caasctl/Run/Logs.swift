import ArgumentParser
import Definitions
import Deployment
import POSIX

/// `caasctl logs`: prints a run's log.
struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a run's log: from its container while it runs, else from its bucket.")

    @OptionGroup var target: RunOptions

    @Flag(name: .shortAndLong, help: "Keep printing until the run is over.")
    var follow = false

    func run() async throws {
        let settings = try target.options.settings()
        let found = try await target.find(settings)
        let follower = LogFollower(
            found.target, record: found.record, bucket: target.bucketIfAny(of: found.record, settings))
        try await follower.read(following: follow) { StandardOutput.print(output: $0) }
    }
}
