public import JSON
import RunContract
import TerminalText
import Timestamps

/// Everything that is known about a run now.
public struct RunReport: Sendable {
    private let record: RunRecord
    private let deployment: IonetDeployment?
    private let containers: [IonetContainer]
    private let status: RunStatus?
    private let completion: CompletionRecord?
    private let bucketFailure: String?

    /// Asks the provider and the bucket; a bucket that does not answer is a line of the report.
    public init(_ record: RunRecord, ionet: IonetClient, bucket: RunBucket?) async throws(DeploymentError) {
        self.record = record
        if let id = record.deployment {
            deployment = try await ionet.deployment(id)
            containers = deployment == nil ? [] : try await ionet.containers(of: id)
        } else {
            deployment = nil
            containers = []
        }
        var status: RunStatus?
        var completion: CompletionRecord?
        var failure: String?
        do throws(DeploymentError) {
            status = try await bucket?.status()
            completion = try await bucket?.completion()
        } catch { failure = error.reason }
        self.status = status
        self.completion = completion
        bucketFailure = failure
    }

    /// Where the container can be reached now, nil where it cannot.
    public var publicURL: String? { containers.first(where: \.isReady)?.publicURL }

    /// For people, a line each.
    public var lines: [String] {
        var rows: [(String, String)] = [("run", record.run.description), ("image", record.image)]
        rows.append(
            (
                "rented",
                "\(record.gpus) × \(record.hardware) for \(record.hours) h, \(Deployer.dollars(record.priceUSD))"
            ))
        rows.append(("deployment", deploymentText))
        for container in containers {
            rows.append(("container", "\(container.status)\(container.events.last.map { ": \($0.message)" } ?? "")"))
        }
        if let publicURL { rows.append(("url", publicURL)) }
        if let status { rows += Self.rows(status) }
        if let completion {
            let files = completion.artifacts.flatMap(\.files)
            rows.append(
                ("artifacts", "\(files.count) files, \(files.reduce(0) { $0 + $1.size }) bytes, verified by the run"))
        }
        if let bucketFailure { rows.append(("bucket", bucketFailure)) }
        return rows.map { name, value in
            name + String(repeating: " ", count: max(1, 13 - name.count)) + VisibleText.line(value)
        }
    }

    private var deploymentText: String {
        guard let deployment else {
            switch record.state {
            case .intent: return "unknown: the answer was lost, and io.net lists none of this name"
            case .refused: return "refused by io.net"
            case .destroyed: return "destroyed"
            case .deployed: return "gone"
            }
        }
        let left = deployment.minutesRemaining.map { ", \($0) minutes left" } ?? ""
        return "\(deployment.status) (\(deployment.id.identifierText)\(left))"
    }

    private static func rows(_ status: RunStatus) -> [(String, String)] {
        var rows = [("phase", status.phase.rawValue + (status.reason.isEmpty ? "" : ": \(status.reason)"))]
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

    /// For programs.
    public var json: JSONValue {
        [
            "run": .string(record.run.description), "image": .string(record.image),
            "state": .string(record.state.rawValue),
            "price_usd": .double(record.priceUSD), "deployment_id": record.deployment ?? .null,
            "deployment_status": .optional(deployment?.status.description),
            "minutes_remaining": deployment?.minutesRemaining.map { .integer($0) } ?? .null,
            "containers": .array(
                containers.map { container in
                    [
                        "id": container.id, "status": .string(container.status.description),
                        "public_url": .optional(container.publicURL),
                        "events": .array(container.events.map { ["message": .string($0.message)] }),
                    ]
                }),
            "public_url": .optional(publicURL), "status": status?.json ?? .null, "complete": completion?.json ?? .null,
            "bucket_error": .optional(bucketFailure),
        ]
    }
}
