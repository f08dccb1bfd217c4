import ArgumentParser
import Definitions
import Deployment
import JSON
import POSIX
import RunContract
import Terminal
import Timestamps

/// `caasctl runs`: lists the runs in the ledger, in the bucket, and at the provider.
struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the runs known to this computer, the bucket and io.net.",
        discussion: """
            The bucket is set by R2_ENDPOINT_URL, R2_BUCKET_NAME and R2_PREFIX. A source that cannot be read is \
            reported on standard error; the list may then lack its runs.
            """)

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let settings = try options.settings()
        let survey = try await RunSurvey(RunLedger(home: HomeFolder.open()), settings: settings, targets: .all)
        for blank in survey.blanks { StandardError.print("warning: \(blank)") }
        for run in survey.runs {
            guard let failure = run.statusFailure, !survey.blanks.contains(where: { $0.reason == failure }) else {
                continue
            }
            StandardError.print("warning: cannot read what \(run.run) says: \(failure)")
        }
        json ? printJSON(survey) : printTable(survey)
        if survey.isCut { throw ExitCode.failure }
    }

    private func printTable(_ survey: RunSurvey) {
        guard !survey.runs.isEmpty else {
            let rest = survey.blanks.isEmpty ? "" : " where could be looked"
            return StandardError.print("there is no run\(rest)")
        }
        var table = Table("RUN", "PHASE", "MACHINE", "UPDATED", "COST", "KNOWN TO")
        for run in survey.runs {
            table.append(
                run.run.description, run.phase, run.machine(seen: survey.seen), run.updated, run.cost,
                run.sources.joined(separator: ", "))
        }
        print(table, terminator: "")
    }

    private func printJSON(_ survey: RunSurvey) {
        let rows = survey.runs.map { run in
            [
                "run": .string(run.run.description), "phase": .optional(run.status?.phase.rawValue),
                "machine": .string(run.machine(seen: survey.seen)), "updated": .string(run.updated),
                "status_error": .optional(run.statusFailure),
                "paid_usd": run.record.flatMap { $0.isPriceKnown ? .double($0.paidUSD) : nil } ?? .null,
                "known_to": .array(run.sources.map(JSONValue.string)),
            ] as JSONValue
        }
        let document: JSONValue = [
            "runs": .array(rows), "not_seen": .array(survey.blanks.map { .string($0.description) }),
        ]
        print(String(decoding: document.prettyEncoded(), as: UTF8.self), terminator: "")
    }
}

/// The table columns of a run.
extension KnownRun {
    fileprivate var phase: String {
        if let status { return status.phase.rawValue }
        return statusFailure == nil ? "-" : "unknown"
    }

    /// The provider's status of the machine that exists, else of the last one.
    fileprivate func machine(seen: Set<String>) -> String {
        let listed = machines.map(\.machine)
        let there = listed.filter { !$0.isOver }
        if there.count > 1 { return "\(there.count) are there" }
        if let machine = there.first { return machine.word }
        // A machine that a target did not list may exist where that target could not be asked.
        let sawAll = record?.billing.allSatisfy { seen.contains($0.target) } ?? !seen.isEmpty
        if !sawAll, let record, !record.billing.isEmpty { return "unknown" }
        guard let record, let newest = record.newest else {
            return listed.last?.word ?? (seen.isEmpty ? "unknown" : "none")
        }
        let last = listed.last { $0.handle == newest.deployment }
        return last?.word ?? (newest.mayBill ? "gone" : newest.state.rawValue)
    }

    fileprivate var updated: String { status?.updated ?? record?.newest?.created ?? "-" }

    fileprivate var cost: String {
        guard let record, !record.machines.isEmpty else { return "-" }
        if record.isPriceKnown { return Deployer.dollars(record.paidUSD) }
        return record.paidUSD > 0 ? "over \(Deployer.dollars(record.paidUSD))" : "-"
    }

    fileprivate var sources: [String] {
        var sources = record == nil ? [] : ["here"]
        if status != nil || isInBucket { sources.append("bucket") }
        for (kind, _) in machines where !sources.contains(kind.title) { sources.append(kind.title) }
        return sources
    }
}
