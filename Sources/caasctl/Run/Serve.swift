import ArgumentParser
import Definitions
import Deployment
import POSIX
import RunContract

/// `caasctl serve`: rents another machine to serve the model of a completed run.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rent a machine to serve the model of a completed run.",
        discussion: """
            The machine trains nothing: it downloads the run's artifacts from its bucket and starts the program's \
            server. It costs money until its hours are over or caasctl destroy RUN ends it. Prints the run's id.

            caasctl serve last --set resources.gpus=1 --set resources.hours=2
            """)

    @OptionGroup var target: RunOptions
    @OptionGroup var again: AgainOptions
    @OptionGroup var start: StartOptions

    func run() async throws {
        let settings = try target.options.settings()
        let found = try await target.find(settings)
        let run = found.record.run
        let restart = try Restart(verb: "serve", found, target, again, start, settings)
        do { _ = try await restart.bucket.verify() } catch let error as DeploymentError where error.code == .unverified
        {
            throw DeploymentError(
                .unverified, "serve \(run)", "its model is not complete: \(error.reason); caasctl resume \(run) goes on"
            )
        }
        try await restart.go { program in
            guard let program, program.serve == nil else { return }
            throw DeploymentError(
                .unsuitable, "serve \(run)",
                "its program \(program.name) has no 'serve'; caasctl fetch \(run) DIR takes what it made")
        }
    }
}
