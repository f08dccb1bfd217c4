import ArgumentParser
import Definitions
import Deployment
import POSIX
import RunContract

/// `caasctl resume`: continues a run on another machine.
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rent another machine and continue an interrupted or failed run.",
        discussion: """
            The run keeps its id and continues from the newest checkpoint in its bucket. Its manifest comes from this \
            computer's ledger of runs; secrets come from the environment or --env-file, as for deploy. Refused while a \
            machine of the run may still write; caasctl destroy RUN ends that machine first. Prints the run's id.

            caasctl resume last --set resources.hours=12
            caasctl resume demo-20260102-030405-00ff --manifest manifests/demo.yaml --yes
            """)

    @OptionGroup var target: RunOptions
    @OptionGroup var again: AgainOptions
    @OptionGroup var start: StartOptions

    func run() async throws {
        let settings = try target.options.settings()
        let found = try await target.find(settings)
        let restart = try Restart(verb: "resume", found, target, again, start, settings)
        let bucket = try restart.bucket
        if let completion = try await bucket.completion() {
            try await refuseCompleted(completion, bucket, found.record.run)
        }
        try await restart.go()
    }

    /// Throws only if the run's completed result is still there, since its container would train nothing either.
    private func refuseCompleted(_ completion: CompletionRecord, _ bucket: RunBucket, _ run: RunID) async throws {
        do throws(DeploymentError) { _ = try await bucket.verify() } catch {
            guard error.code == .unverified else { throw error }
            return StandardError.print("complete.json is there, but the run goes on: \(error.reason)")
        }
        throw DeploymentError(
            .refused, "resume \(run)",
            "attempt \(completion.attempt) completed it, so nothing is to be trained; caasctl serve \(run) serves its "
                + "model, caasctl fetch \(run) DIR takes it")
    }
}
