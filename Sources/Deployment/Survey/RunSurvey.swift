package import Definitions
package import RunContract
import Timestamps

/// A run as far as ledger, bucket and provider know it.
package struct KnownRun: Sendable {
    /// Its id.
    package let run: RunID
    /// What the ledger of this computer holds.
    package internal(set) var record: RunRecord?
    /// What the run said last in its bucket, nil where it was not found there.
    package internal(set) var status: RunStatus?
    /// Why its words in the bucket cannot be read.
    package internal(set) var statusFailure: String?
    /// What the provider lists of it.
    package internal(set) var deployments: [IonetDeployment] = []
    /// True where the bucket of the settings holds it.
    package internal(set) var isInBucket = false

    /// When it was first asked for, as its id says.
    var date: String {
        let parts = run.description.split(separator: "-")
        let index = parts.indices.last { $0 > 0 && parts[$0].count == 6 && parts[$0 - 1].count == 8 }
        return index.map { "\(parts[$0 - 1])-\(parts[$0])" } ?? ""
    }
}

/// The runs that are known to anybody who can be asked from here.
package struct RunSurvey: Sendable {
    /// The newest first.
    package private(set) var runs: [KnownRun] = []
    /// Where could not be looked, and why: what is there is not known.
    package private(set) var blanks: [DeploymentError] = []
    /// True where one who was to be asked gave no answer; a place that no setting names was not to be asked.
    package private(set) var isCut = false
    /// The bucket that the settings name, where it could be asked.
    let place: RunRecord.Bucket?
    /// True where the provider could be asked.
    package let sawProvider: Bool

    /// Asks ledger, bucket and provider for the runs whose ids begin so.
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

    /// Runs of the ledger may be in other buckets than the settings name.
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
