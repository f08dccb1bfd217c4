package import JSON
import RunContract
package import Secrets
import Wording
import Timestamps

/// The current state of a run: the provider's view of its newest machine, and the run's own status.
package struct RunReport: Sendable {
    private enum Source: String { case bucket, page }

    private let record: RunRecord
    private let machine: MachineStatus?
    /// The name of the target of the newest machine, for messages.
    private let title: String
    private let others: [(machine: MachineRecord, status: String)]
    private var status: (words: RunStatus, source: Source)?
    private let completion: CompletionRecord?
    /// The reasons why the provider, the bucket or the page could not be read, by name.
    private var failures: [(name: String, reason: String)] = []

    /// Reads the provider, the bucket and, where the bucket has no current status, the run's page.
    ///
    /// A failed request becomes a line of the report. `token` opens the page; `blank` says why the target cannot be asked.
    package init(
        _ record: RunRecord, on target: (any Target)?, title: String, blank: String? = nil, bucket: RunBucket?,
        token: Secret? = nil
    ) async {
        self.record = record
        self.title = title
        var failures: [(String, String)] = blank.map { [(title, $0)] } ?? []
        var machine: MachineStatus?
        var others: [(MachineRecord, String)] = []
        if let target {
            do throws(DeploymentError) {
                if let id = record.newest?.deployment { machine = try await target.look(at: id) }
                for other in record.billing where other != record.newest {
                    guard let id = other.deployment else { continue }
                    guard other.target == target.name else {
                        others.append((other, "perhaps running at '\(other.target)'"))
                        continue
                    }
                    if let status = try await target.look(at: id), !status.isOver {
                        others.append((other, status.word))
                    }
                }
            } catch { failures.append((title, error.reason)) }
        }
        self.machine = machine
        self.others = others
        var completion: CompletionRecord?
        do throws(DeploymentError) {
            status = try await bucket?.status().map { ($0, .bucket) }
            completion = try await bucket?.completion()
        } catch { failures.append(("bucket", error.reason)) }
        self.completion = completion
        self.failures = failures
        await askPage(token)
    }

    private mutating func askPage(_ token: Secret?) async {
        guard isRunning, !speaksNow, record.newest?.isAdopted == false, let publicURL, let token,
            let page = RunPage(publicURL: publicURL, token: token)
        else { return }
        do throws(DeploymentError) { status = (try await page.status(), .page) } catch {
            failures.append(("page", error.reason))
        }
    }

    /// The URL at which the container is reachable, nil where it is not.
    package var publicURL: String? { machine?.address }

    private var isRunning: Bool {
        guard let machine, !machine.isOver, !machine.isLeaving else { return false }
        return machine.containers.contains(where: \.isRunning)
    }

    /// True where the run's status is from the machine that runs now.
    private var speaksNow: Bool {
        guard isRunning, let status else { return false }
        guard let said = Timestamp(rfc3339: status.words.updated),
            let asked = record.newest.flatMap({ Timestamp(rfc3339: $0.created) })
        else { return true }
        return said >= asked
    }

    /// The report as text, line by line.
    package var lines: [String] {
        var rows: [(String, String)] = [("run", record.run.description)]
        if let machine = record.newest {
            if !machine.image.isEmpty { rows.append(("image", machine.image)) }
            if machine.name != record.run.description { rows.append(("machine", machine.name)) }
            rows.append(("rented", machine.rented))
        }
        rows.append(("deployment", deploymentText))
        for container in machine?.containers ?? [] {
            rows.append(("container", "\(container.word)\(container.events.last.map { ": \($0)" } ?? "")"))
        }
        if let publicURL { rows.append(("url", publicURL)) }
        for (machine, status) in others {
            rows.append(
                (
                    "also there",
                    "\(machine.name) is \(status) and costs; caasctl destroy \(record.run) ends every machine"
                ))
        }
        if let status { rows += self.rows(of: status.words) }
        if let completion {
            let files = completion.artifacts.flatMap(\.files)
            rows.append(
                ("artifacts", "\(files.count) files, \(files.reduce(0) { $0 + $1.size }) bytes, verified by the run"))
        }
        for (name, reason) in failures { rows.append((name, "cannot be asked: \(reason)")) }
        return rows.map { name, value in
            name + String(repeating: " ", count: max(1, 13 - name.count)) + VisibleText.line(value)
        }
    }

    private var deploymentText: String {
        if let machine {
            let left = machine.minutesLeft.map { ", \($0) minutes left" } ?? ""
            return "\(machine.word) (\(machine.handle.identifierText)\(left))"
        }
        guard let newest = record.newest else {
            return isProviderBlind ? "not known here" : "\(title) lists no machine of it"
        }
        switch newest.state {
        case .intent where isProviderBlind: return "unknown: the answer was lost"
        case .intent: return "unknown: the answer was lost, and \(title) lists none of this name"
        case .refused: return "refused by \(title)"
        case .destroyed: return "destroyed"
        case .absent: return "the answer was lost, and \(title) never listed it"
        case .deployed: return isProviderBlind ? "unknown; it was there when it was last looked at" : "gone"
        }
    }

    private var isProviderBlind: Bool { failures.contains { $0.name == title } }

    /// Returns the run's own status; the status of a machine that has ended is marked as its last words.
    private func rows(of status: RunStatus) -> [(String, String)] {
        let phase = status.phase.rawValue + (status.reason.isEmpty ? "" : ": \(status.reason)")
        let isCurrent = speaksNow || status.isOver || isProviderBlind
        var rows = isCurrent ? [("phase", phase)] : [("last words", "of \(status.updated), phase \(phase)")]
        if let code = status.exitCode { rows.append(("exit code", String(code))) }
        if let stage = status.stage { rows.append(("stage", stage + (status.step.map { ", step \($0)" } ?? ""))) }
        if !status.metrics.isEmpty {
            let metrics = status.metrics.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            rows.append(("metrics", metrics.joined(separator: ", ")))
        }
        if let newest = status.checkpoints.last {
            rows.append(("checkpoints", "\(status.checkpoints.count), the newest \(newest)"))
        }
        rows.append(("attempt", "\(status.attempt), said at \(status.updated)"))
        return rows
    }

    /// The report as JSON.
    package var json: JSONValue {
        [
            "run": .string(record.run.description), "image": .optional(record.newest?.image),
            "state": .optional(record.newest?.state.rawValue),
            "price_usd": record.newest?.priceUSD.map { .double($0) } ?? .null,
            "paid_usd": record.isPriceKnown ? .double(record.paidUSD) : .null,
            "deployment_id": record.newest?.deployment ?? .null,
            "deployment_status": .optional(machine?.word),
            "minutes_remaining": machine?.minutesLeft.map { .integer($0) } ?? .null,
            "machines": .array(
                record.machines.map { machine in
                    [
                        "name": .string(machine.name), "state": .string(machine.state.rawValue),
                        "deployment_id": machine.deployment ?? .null,
                        "price_usd": machine.priceUSD.map { .double($0) } ?? .null,
                    ]
                }),
            "also_there": .array(others.map { .string($0.machine.name) }),
            "containers": .array(
                (machine?.containers ?? []).map { container in
                    [
                        "id": container.id, "status": .string(container.word),
                        "public_url": .optional(container.address),
                        "events": .array(container.events.map { ["message": .string($0)] }),
                    ]
                }),
            "public_url": .optional(publicURL), "status": status?.words.json ?? .null,
            "status_from": .optional(status?.source.rawValue), "status_is_current": .bool(speaksNow),
            "complete": completion?.json ?? .null,
            "bucket_error": .optional(failures.first { $0.name == "bucket" }?.reason),
            "provider_error": .optional(failures.first { $0.name == title }?.reason),
        ]
    }
}

extension RunStatus {
    /// True in a phase after which the container reports no change.
    var isOver: Bool { [.complete, .failed].contains(phase) }
}
