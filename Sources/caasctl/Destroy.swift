import ArgumentParser
import Definitions
import Deployment
import POSIX
import RunContract

/// `caasctl destroy`: gives a machine back.
struct Destroy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give a run's machine back, once its results are verified in the bucket.",
        discussion: "Prints the run's id when io.net confirmed that the machine is gone.")

    @OptionGroup var target: RunOptions

    @Flag(help: "Also where nothing is verified: what is not in the bucket is lost.")
    var force = false

    func run() async throws {
        let settings = try target.options.settings()
        let (record, _, deployer) = try await target.find(settings)
        if record.state == .destroyed {
            StandardError.print("the machine was given back before")
            return print(record.run)
        }
        if !force { try await verify(record, settings) }
        print(try await deployer.destroy(record).run)
    }

    private func verify(_ record: RunRecord, _ settings: Settings) async throws {
        let action = "destroy \(record.run)"
        do {
            let completion = try await target.bucket(of: record, settings).verify()
            let files = completion.artifacts.flatMap(\.files)
            StandardError.print("verified: \(files.count) files, \(files.reduce(0) { $0 + $1.size }) bytes")
        } catch let error as DeploymentError {
            throw DeploymentError(
                .unverified, action, "its result is not verified (\(error.reason)); --force destroys it all the same")
        }
    }
}
