import JSON
import POSIX
import Testing
import Timestamps

@testable import Sandbox

struct DeploymentRecordTests {
    private static func record(_ statuses: [String], _ status: DeploymentRecord.Status) throws -> DeploymentRecord {
        var body = DeployRequestTests.good
        body["container_config"]?["replica_count"] = .integer(statuses.count)
        var record = DeploymentRecord(try DeployRequest(body: body.encoded()), now: Timestamp(seconds: 1000))
        record.status = status
        for (index, status) in statuses.enumerated() { record.containers[index].status = status }
        return record
    }

    @Test(
        arguments: [
            (["pending", "pending"], .deploymentRequested, .deploymentRequested),
            (["running", "pending"], .deploymentRequested, .running),
            (["running", "failed"], .running, .running),
            (["completed", "failed"], .running, .failed),
            (["completed", "completed"], .running, .completed),
            (["failed", "failed"], .deploymentRequested, .failed),
            (["running", "destroyed"], .terminationRequested, .terminationRequested),
            (["destroyed", "completed"], .terminationRequested, .destroyed),
            (["destroyed", "destroyed"], .destroyed, .destroyed),
        ] as [([String], DeploymentRecord.Status, DeploymentRecord.Status)])
    func `a deployment's status follows from its containers'`(
        containers: [String], before: DeploymentRecord.Status, after: DeploymentRecord.Status
    ) throws {
        var record = try Self.record(containers, before)
        record.conclude(now: Timestamp(seconds: 2000))
        #expect(record.status == after)
        #expect((record.finished != nil) == (after.isFinal && !before.isFinal))
    }

    @Test func `a deployment is read as it was written, without its secrets`() throws {
        var record = try Self.record(["running"], .running)
        record.started = Timestamp(seconds: 1500)
        record.containers[0].port = 4711
        record.containers[0].publicURL = "http://127.0.0.1:4711"
        record.containers[0].runner = ProcessIdentity(pid: 7, started: .max)
        record.containers[0].add(event: "started")
        let read = try DeploymentRecord(json: record.json)
        #expect(read.json == record.json)
        #expect(read.containers[0].runner == record.containers[0].runner)
        #expect(!record.json.text.contains("secret-value"))
        #expect(!record.json.text.contains("\"pw\""))
    }

    @Test func `the paid time passes while it runs`() throws {
        var record = try Self.record(["running"], .running)
        #expect(record.minutes(now: Timestamp(seconds: 5000)) == (0, 360))
        record.started = Timestamp(seconds: 1000)
        #expect(record.minutes(now: Timestamp(seconds: 1000 + 3600)) == (60, 300))
        #expect(record.minutes(now: Timestamp(seconds: 1000 + 86_400)) == (360, 0))
        record.finished = Timestamp(seconds: 1000 + 120)
        #expect(record.minutes(now: Timestamp(seconds: 1000 + 86_400)) == (2, 358))
    }

    @Test func `events of a long life are bounded`() {
        var container = ContainerRecord(created: Timestamp(seconds: 0))
        for index in 0..<1000 { container.add(event: "\(index)") }
        #expect(container.events.count <= 200)
        #expect(container.events.first?.message == "0")
        #expect(container.events.last?.message == "999")
    }
}
