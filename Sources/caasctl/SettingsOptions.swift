import ArgumentParser
import Definitions
import Deployment
import POSIX
import SystemPackage

/// Where every verb that talks to a cloud or a bucket has its keys from.
struct SettingsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Variables and secrets that the environment does not set, as NAME=value lines.",
            discussion: "Refused if others than its owner may read it.", valueName: "file"))
    var envFile: String?

    /// The environment, then the file.
    func settings() throws -> Settings {
        try Settings(environment: ProcessEnvironment.all(), file: envFile.map { FilePath($0) })
    }
}

/// What every verb needs that names a run.
struct RunOptions: ParsableArguments {
    @Argument(help: "A run's id, the beginning of one, or 'last'.")
    var run: String

    @OptionGroup var options: SettingsOptions

    /// The run with the provider that has it; its deployment is looked for where the answer to it was lost.
    func find(_ settings: Settings) async throws -> (record: RunRecord, ionet: IonetClient, deployer: Deployer) {
        let ledger = RunLedger(home: HomeFolder.path())
        let record = try ledger.find(run)
        let ionet = try IonetClient(settings: settings)
        try ionet.check(record)
        let deployer = Deployer(ionet, ledger: ledger) { StandardError.print($0) }
        return (try await deployer.reconciled(record), ionet, deployer)
    }

    /// The run alone, for what only reads its bucket.
    func record() throws -> RunRecord { try RunLedger(home: HomeFolder.path()).find(run) }

    /// The run's folder in its bucket; why there is none is said, and is no error where the provider knows something too.
    func bucketIfAny(of record: RunRecord, _ settings: Settings) -> RunBucket? {
        do { return try bucket(of: record, settings) } catch {
            StandardError.print("\(error)")
            return nil
        }
    }

    /// The run's folder in its bucket.
    func bucket(of record: RunRecord, _ settings: Settings) throws -> RunBucket {
        guard let place = record.bucket else {
            throw DeploymentError(.notFound, "look at run \(record.run)", "it was deployed without a bucket")
        }
        return try RunBucket(place, run: record.run, settings: settings)
    }
}
