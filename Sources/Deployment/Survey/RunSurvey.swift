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
    /// The run's deployments in the provider's list.
    package internal(set) var deployments: [IonetDeployment] = []
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
    /// True where the provider answered.
    package let sawProvider: Bool

    /// Reads the ledger, the bucket and the provider for the runs whose ids have this prefix.
    package init(_ ledger: RunLedger, settings: Settings, beginning start: String = "") async {
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
        var sawProvider = false
        do throws(DeploymentError) {
            let ionet = try IonetClient(settings: settings)
            for deployment in try await ionet.deployments() {
                guard let name = deployment.name.flatMap({ MachineName($0) }) else { continue }
                update(name.run) { $0.deployments.append(deployment) }
            }
            sawProvider = true
        } catch {
            blanks.append(error)
            isCut = isCut || settings.secret("IOCLOUD_API_KEY") != nil
        }
        self.blanks = blanks
        self.isCut = isCut
        self.place = place
        self.sawProvider = sawProvider
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
