package import Definitions
package import RunContract
import Timestamps

/// A run, as the ledger, the bucket and the provider know it.
package struct KnownRun: Sendable {
    package let run: RunID
    /// The record in this computer's ledger.
    package internal(set) var record: RunRecord?
    /// The run's last status in its bucket, nil where it was not found there.
    package internal(set) var status: RunStatus?
    /// The reason why the status in the bucket cannot be read.
    package internal(set) var statusFailure: String?
    /// The run's machines in the lists of the targets.
    package internal(set) var machines: [(kind: TargetKind, machine: MachineStatus)] = []
    /// True where the bucket of the settings contains the run.
    package internal(set) var isInBucket = false

    /// The date and time of the first request, as they are in the run's id.
    var date: String {
        let parts = run.description.split(separator: "-")
        let index = parts.indices.last { $0 > 0 && parts[$0].count == 6 && parts[$0 - 1].count == 8 }
        return index.map { "\(parts[$0 - 1])-\(parts[$0])" } ?? ""
    }
}

/// The runs in the ledger, in the bucket and at the provider.
package struct RunSurvey: Sendable {
    /// The runs, the newest first.
    package private(set) var runs: [KnownRun] = []
    /// The sources that could not be read, and why; the runs in them are unknown.
    package private(set) var blanks: [DeploymentError] = []
    /// True where a configured source failed; a source that no setting names does not count.
    package private(set) var isCut = false
    /// The bucket that the settings name, nil where it could not be read.
    let place: RunRecord.Bucket?
    /// The names of the targets that answered.
    package let seen: Set<String>

    /// Reads the ledger, the bucket and the provider for the runs whose ids have this prefix.
    package init(_ ledger: RunLedger, settings: Settings, targets: Targets, beginning start: String = "") async {
        var known: [RunID: KnownRun] = [:]
        func update(_ run: RunID, _ change: (inout KnownRun) -> Void) {
            guard run.description.hasPrefix(start) else { return }
            change(&known[run, default: KnownRun(run: run)])
        }
        var blanks: [DeploymentError] = []
        var isCut = false
        do throws(DeploymentError) {
            let (records, unreadable) = try ledger.all()
            for record in records { update(record.run) { $0.record = record } }
            blanks += unreadable
        } catch { blanks.append(error) }
        isCut = !blanks.isEmpty
        var place: RunRecord.Bucket?
        do throws(DeploymentError) {
            let bucket = try BucketSurvey(settings)
            let entries = try await bucket.runs(beginning: start)
            for entry in entries { update(entry.run) { $0.take(entry) } }
            place = bucket.place
        } catch {
            blanks.append(error)
            isCut = isCut || settings.text(EnvironmentName.bucket) != nil
        }
        var seen: Set<String> = []
        for kind in targets.kinds {
            do throws(DeploymentError) {
                for machine in try await kind.open(settings).machines() {
                    guard let name = machine.name.flatMap({ MachineName($0) }) else { continue }
                    update(name.run) { $0.machines.append((kind, machine)) }
                }
                seen.insert(kind.name)
            } catch {
                blanks.append(error)
                isCut = isCut || kind.isConfigured(settings)
            }
        }
        self.blanks = blanks
        self.isCut = isCut
        self.place = place
        self.seen = seen
        runs = known.values.sorted { ($0.date, $0.run.description) > ($1.date, $1.run.description) }
        await readOtherBuckets(settings)
    }

    /// Reads the status of the ledger's runs that are in other buckets than the settings'.
    private mutating func readOtherBuckets(_ settings: Settings) async {
        for index in runs.indices where !runs[index].isInBucket {
            guard let bucket = runs[index].record?.bucket, bucket != place else { continue }
            do throws(DeploymentError) {
                let status = try await RunBucket(bucket, run: runs[index].run, settings: settings).status()
                runs[index].status = status
            } catch { runs[index].statusFailure = error.reason }
        }
    }
}

extension KnownRun {
    fileprivate mutating func take(_ entry: BucketSurvey.Entry) {
        isInBucket = true
        switch entry.status {
        case .success(let status): self.status = status
        case .failure(let error): statusFailure = error.reason
        }
    }
}
