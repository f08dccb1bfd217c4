package import Definitions
import RunContract
import Timestamps

/// Finds a run in the ledger, else in the bucket or at the provider, and then records it in the ledger.
package struct RunFinder: Sendable {
    private let ledger: RunLedger
    private let settings: Settings
    private let targets: Targets

    package init(_ ledger: RunLedger, settings: Settings, targets: Targets) {
        self.ledger = ledger
        self.settings = settings
        self.targets = targets
    }

    /// Returns the run of an id, of a prefix that only one id has, or of `last`.
    package func find(_ text: String) async throws(DeploymentError) -> RunRecord {
        let unknown: DeploymentError
        do throws(DeploymentError) { return try await completed(try ledger.find(text)) } catch {
            guard error.code == .notFound, !text.isEmpty else { throw error }
            unknown = error
        }
        let survey = await RunSurvey(
            ledger, settings: settings, targets: targets, beginning: text == "last" ? "" : text)
        let action = "find run '\(text)'"
        let exact = survey.runs.filter { $0.run.description == text }
        let fitting = exact.isEmpty ? survey.runs : exact
        guard let found = fitting.first else {
            let blanks = survey.blanks.map { "; \($0)" }.joined()
            throw DeploymentError(
                .notFound, action, unknown.reason + ", and bucket and \(targets.titles) have none" + blanks)
        }
        guard fitting.count == 1 || text == "last" else {
            let names = fitting.prefix(5).map(\.run.description).joined(separator: " or ")
            throw DeploymentError(.unsuitable, action, "it may be \(names)")
        }
        return try await adopt(found, survey)
    }

    private func adopt(_ found: KnownRun, _ survey: RunSurvey) async throws(DeploymentError) -> RunRecord {
        var record = RunRecord(
            run: found.run, created: found.created ?? Timestamp.now().rfc3339,
            bucket: found.isInBucket ? survey.place : nil)
        for (kind, machine) in found.machines {
            let target = try kind.open(settings)
            let request = try await target.request(of: machine.handle, for: found.run)
            record.take(machine, request, on: target)
            record.request = record.request ?? request?.kept
        }
        record.bucket = record.bucket ?? bucket(of: record)
        return try ledger.update(record) { _ in }
    }

    /// Adds the bucket that the record lacks, once the settings name one.
    private func completed(_ record: RunRecord) async throws(DeploymentError) -> RunRecord {
        guard record.bucket == nil, record.machines.allSatisfy(\.isAdopted), let bucket = bucket(of: record) else {
            return record
        }
        return try ledger.update(record) { $0.bucket = bucket }
    }

    /// Returns the bucket of a run that only the provider lists.
    ///
    /// Its endpoint must be the one of the settings: no other service may get requests signed with their key.
    private func bucket(of record: RunRecord) -> RunRecord.Bucket? {
        guard let endpoint = settings.text(EnvironmentName.endpoint), let sent = record.request?.environment,
            sent[EnvironmentName.endpoint] == endpoint, let name = sent[EnvironmentName.bucket]
        else { return nil }
        return RunRecord.Bucket(endpoint: endpoint, name: name, prefix: sent[EnvironmentName.prefix])
    }
}

extension KnownRun {
    /// The creation time in RFC 3339, from the run's id, else from its status or the provider.
    fileprivate var created: String? {
        let digits = Array(date)
        if digits.count == 15 {
            func text(_ range: Range<Int>) -> String { String(digits[range]) }
            let moment =
                "\(text(0..<4))-\(text(4..<6))-\(text(6..<8))T\(text(9..<11)):\(text(11..<13)):\(text(13..<15))Z"
            if Timestamp(rfc3339: moment) != nil { return moment }
        }
        return status?.started ?? machines.compactMap(\.machine.created).min()?.rfc3339
    }
}
