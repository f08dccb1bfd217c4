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
        guard !found.record.billing.isEmpty else {
            _ = try found.opened.get()
            StandardError.print(
                found.record.machines.isEmpty
                    ? "\(found.kind.title) lists no machine of it" : "every machine of it was given back before")
            return print(found.record.run)
        }
        if !force { try await verify(found.record, settings) }
        try await end(found, settings)
        print(found.record.run)
    }

    /// Ends the machines at each target that has some; one that cannot be asked does not keep the others.
    private func end(_ found: FoundRun, _ settings: Settings) async throws {
        var record = found.record
        var failures: [DeploymentError] = []
        for kind in try Targets.all.kinds(of: record) {
            do throws(DeploymentError) {
                let target = kind.name == found.kind.name ? try found.opened.get() : try kind.open(settings)
                try target.check(record)
                record = try await Deployer(target, ledger: found.ledger) { StandardError.print($0) }.destroy(record)
            } catch { failures.append(error) }
        }
        try DeploymentError.raise(failures, "destroy \(record.run)")
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
