import CloudSupport
import Definitions
import Deployment
import HTTP
import JSON
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

/// Tests of the output of `status`, with a folder as the bucket.
@Suite struct RunReportTests {
    private let fixture: DeploymentFixture
    private let run: RunID
    private let bucket: RunBucket

    init() throws {
        fixture = try DeploymentFixture()
        run = try RunID("demo-20260102-030405-00ff")
        let place = RunRecord.Bucket(endpoint: "file://\(fixture.folder.path)", name: "bucket", prefix: nil)
        try FileSystem.makeFolder(fixture.folder("bucket"))
        bucket = try RunBucket(place, run: run, settings: fixture.settings)
    }

    private func record(_ names: [String] = ["demo-20260102-030405-00ff"], isAdopted: Bool = false) -> RunRecord {
        let machines = names.enumerated().map { index, name in
            var machine = MachineRecord(
                name: name, created: "2026-01-02T03:04:05Z", target: "ionet", api: "", image: "ghcr.io/me/demo:1",
                hardware: "H100",
                gpus: 8, hours: 6, priceUSD: 143.5, port: 8000, isAdopted: isAdopted)
            machine.deployment = .string("d\(index + 1)")
            machine.state = .deployed
            return machine
        }
        return RunRecord(run: run, created: "2026-01-02T03:04:05Z", bucket: nil, machines: machines)
    }

    private func say(_ phase: RunStatus.Phase, at updated: String) throws {
        var status = RunStatus(run: run.description, attempt: 1, instance: "i", started: "2026-01-02T03:04:05Z")
        status.phase = phase
        status.updated = updated
        try fixture.folder.write("bucket/\(run)/status.json", status.json.text)
    }

    private func double(_ status: String, url: String = "") async throws -> IonetDouble {
        try await IonetDouble { request, _ in
            if request.path.hasSuffix("/d1/containers") {
                return IonetDouble.json([
                    "workers": [
                        [
                            "container_id": "c", "status": .string(status), "public_url": .string(url),
                            "container_events": [["message": "exited with status 1"]],
                        ]
                    ]
                ])
            }
            guard request.path.hasSuffix("/deployment/d1") else { return nil }
            return IonetDouble.json(["id": "d1", "status": .string(status)])
        }
    }

    @Test func `the provider's word comes first, and a run's last words are told as such`() async throws {
        let double = try await double("failed")
        try say(.serve, at: "2026-01-02T05:00:00Z")
        let report = await RunReport(record(), on: try fixture.client(double), title: "io.net", bucket: bucket)
        #expect(
            report.lines == [
                "run          demo-20260102-030405-00ff", "image        ghcr.io/me/demo:1",
                "rented       8 × H100 for 6 h, 143.50 USD", "deployment   failed (d1)",
                "container    failed: exited with status 1", "last words   of 2026-01-02T05:00:00Z, phase serve",
                "attempt      1, said at 2026-01-02T05:00:00Z",
            ])
        #expect(report.json["status_is_current"] == false && report.json["status_from"] == "bucket")
    }

    @Test(arguments: [nil, "2026-01-02T03:00:00Z"] as [String?])
    func `where the bucket tells nothing of this machine yet, its page is asked`(older: String?) async throws {
        var status = RunStatus(run: run.description, attempt: 2, instance: "j", started: "2026-01-02T03:05:00Z")
        status.phase = .preflight
        status.reason = "cannot find 8 GPUs: nvidia-smi lists 0"
        let said = status.json
        let page = try await LoopbackServer { request in
            request.path == "/.caas/status.json" && request.headers["Authorization"] == "Bearer the-token"
                ? .answer(200, body: said.encoded()) : .answer(401, text: "no")
        }
        let double = try await double("running", url: "http://\(page.host)/")
        if let older { try say(.failed, at: older) }
        let ionet = try fixture.client(double)
        let report = await RunReport(record(), on: ionet, title: "io.net", bucket: bucket, token: Secret("the-token"))
        #expect(report.lines.contains("phase        preflight: cannot find 8 GPUs: nvidia-smi lists 0"))
        #expect(report.json["status_from"] == "page")
        let wrong = await RunReport(record(), on: ionet, title: "io.net", bucket: bucket, token: Secret("another"))
        #expect(
            wrong.lines.contains(
                "page         cannot be asked: it answered 401: its token was made with another computer's key"))
        // A token made with this computer's key does not open the page of a machine that another computer started.
        let count = page.requests.count
        let adopted = record(isAdopted: true)
        _ = await RunReport(adopted, on: ionet, title: "io.net", bucket: bucket, token: Secret("the-token"))
        #expect(page.requests.count == count)
    }

    @Test func `a token goes to no address that others can listen to`() async throws {
        let double = try await double("running", url: "http://c1.example.org")
        let report = await RunReport(
            record(), on: try fixture.client(double), title: "io.net", bucket: bucket, token: Secret("the-token"))
        #expect(report.lines.contains("url          http://c1.example.org"))
        #expect(!report.lines.contains { $0.hasPrefix("page") })
    }

    @Test func `a machine that is still there besides is named`() async throws {
        let double = try await double("running")
        double.add(name: "demo-20260102-030405-00ff-2", id: "d2", status: "completed")
        let names = ["demo-20260102-030405-00ff", "demo-20260102-030405-00ff-2"]
        let report = await RunReport(record(names), on: try fixture.client(double), title: "io.net", bucket: bucket)
        #expect(report.lines.contains("machine      demo-20260102-030405-00ff-2"))
        #expect(
            report.lines.contains(
                "also there   demo-20260102-030405-00ff is running and costs; "
                    + "caasctl destroy demo-20260102-030405-00ff ends every machine"))
    }

    @Test func `who cannot be asked is said, and nothing is called gone`() async throws {
        try say(.stages, at: "2026-01-02T05:00:00Z")
        let report = await RunReport(
            record(), on: nil, title: "io.net", blank: "IOCLOUD_API_KEY is not set", bucket: bucket)
        #expect(report.lines.contains("deployment   unknown; it was there when it was last looked at"))
        #expect(report.lines.contains("io.net       cannot be asked: IOCLOUD_API_KEY is not set"))
        #expect(report.lines.contains("phase        stages"))
    }

    @Test func `a container that wrote a moment ago is waited for, unless it said that it is over`() async throws {
        try await bucket.requireSilence(to: "resume it")
        try say(.failed, at: "2026-01-02T05:00:00Z")
        try await bucket.requireSilence(to: "resume it")
        // The time in the status is ignored: the object was written just now.
        try say(.stages, at: "2026-01-02T05:00:00Z")
        let error = await #expect(throws: DeploymentError.self) { try await bucket.requireSilence(to: "resume it") }
        #expect(error?.code == .refused)
        #expect(error?.description.hasPrefix("cannot resume it: a container of it wrote its status ") == true)
        #expect(error?.reason.contains("in phase stages, and may still write") == true)
        try await bucket.requireSilence(to: "resume it", within: 0)
        try fixture.folder.write("bucket/\(run)/status.json", "{")
        await #expect(throws: DeploymentError.self) { try await bucket.requireSilence(to: "resume it") }
    }
}
