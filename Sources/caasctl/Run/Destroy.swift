import ArgumentParser
import Definitions
import Deployment
import POSIX
import RunContract

/// `caasctl destroy`: ends a run's machines.
struct Destroy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a run's machines after verifying its results in the bucket.",
        discussion: "Prints the run's id when io.net has confirmed that all its machines are gone.")

    @OptionGroup var target: RunOptions

    @Flag(help: "Skip the verification; results that are not in the bucket are lost.")
    var force = false

    func run() async throws {
        let settings = try target.options.settings()
        let found = try await target.find(settings)
        let machines = try found.opened.get()
        guard !found.record.billing.isEmpty else {
            StandardError.print(
                found.record.machines.isEmpty
                    ? "\(found.kind.title) lists no machine of it" : "every machine of it was given back before")
            return print(found.record.run)
        }
        if !force { try await verify(found.record, settings) }
        let deployer = Deployer(machines, ledger: found.ledger) { StandardError.print($0) }
        print(try await deployer.destroy(found.record).run)
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
