import ArgumentParser
import Definitions
import Deployment
import POSIX
import RunContract

/// The options of commands that take a run.
struct RunOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A run's id, the beginning of an id, or 'last' for the latest run.",
            discussion: "A run that is not in this computer's ledger is looked up in the bucket and at io.net."))
    var run: String

    @OptionGroup var options: SettingsOptions

    /// Finds the run and updates its record with the provider's list, where the provider can be asked.
    func find(_ settings: Settings) async throws -> FoundRun {
        let ledger = try RunLedger(home: HomeFolder.open())
        var record = try await RunFinder(ledger, settings: settings, targets: .all).find(run)
        let kind = try Targets.all.kind(of: record)
        do throws(DeploymentError) {
            let target = try kind.open(settings)
            try target.check(record)
            record = try await Deployer(target, ledger: ledger) { StandardError.print($0) }.reconciled(record)
            return FoundRun(record: record, kind: kind, opened: .success(target), ledger: ledger)
        } catch {
            if error.code == .cancelled { throw error }
            return FoundRun(record: record, kind: kind, opened: .failure(error), ledger: ledger)
        }
    }

    /// Returns the run's folder in its bucket, or prints why there is none and returns nil.
    ///
    /// A missing bucket is no error here, because the provider may have the information too.
    func bucketIfAny(of record: RunRecord, _ settings: Settings) -> RunBucket? {
        do { return try bucket(of: record, settings) } catch {
            StandardError.print("\(error)")
            return nil
        }
    }

    /// Returns the run's folder in its bucket; throws where the run has none or it is not known here.
    func bucket(of record: RunRecord, _ settings: Settings) throws -> RunBucket {
        guard let place = record.bucket else {
            let isOwn = record.machines.contains { !$0.isAdopted }
            throw DeploymentError(
                .notFound, "look at run \(record.run)",
                isOwn
                    ? "it was deployed without a bucket"
                    : "its bucket is not known here; set R2_ENDPOINT_URL and R2_BUCKET_NAME as for its deployment")
        }
        return try RunBucket(place, run: record.run, settings: settings)
    }
}

/// The run that a command named, and the target that has its machines.
struct FoundRun {
    let record: RunRecord
    let kind: TargetKind
    /// The target, or the reason why it cannot be asked.
    let opened: Result<any Target, DeploymentError>
    let ledger: RunLedger

    /// The target; where it cannot be asked, prints the reason and returns nil.
    var target: (any Target)? {
        switch opened {
        case .success(let target): return target
        case .failure(let error):
            StandardError.print("\(error)")
            return nil
        }
    }

    /// The reason why the target cannot be asked, nil where it can.
    var blank: DeploymentError? {
        if case .failure(let error) = opened { error } else { nil }
    }
}
