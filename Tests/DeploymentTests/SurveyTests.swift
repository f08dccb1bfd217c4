import CloudSupport
import Definitions
import Deployment
import JSON
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests with runs that another computer started, and a folder as the bucket.
@Suite struct SurveyTests {
    private static let old = "demo-20260102-030405-00ff"
    private static let new = "demo-20260203-030405-1234"
    private let fixture: DeploymentFixture
    private let double: IonetDouble

    init() async throws {
        fixture = try DeploymentFixture()
        double = try await IonetDouble()
        for (name, phase) in [(Self.old, RunStatus.Phase.complete), (Self.new, .stages)] {
            var status = RunStatus(run: name, attempt: 1, instance: "i", started: "2026-01-02T03:04:05Z")
            status.phase = phase
            try fixture.folder.write("bucket/team/\(name)/status.json", status.json.text)
        }
        try fixture.folder.write("bucket/team/notes/readme", "no run")
        try fixture.folder.write("bucket/other-20260102-030405-00ff/status.json", "no run below the prefix")
    }

    private let targets = Targets([.ionet])

    private func settings(_ changes: [String: String] = [:]) throws -> Settings {
        var variables = [
            "R2_ENDPOINT_URL": "file://\(fixture.folder.path)", "R2_BUCKET_NAME": "bucket", "R2_PREFIX": "team",
            "IOCLOUD_API_KEY": IonetDouble.key, "IOCLOUD_API_URL": double.url,
        ]
        variables.merge(changes) { $1 }
        return try Settings(environment: variables)
    }

    @Test func `runs of bucket and provider are listed, the newest first`() async throws {
        double.add(name: "\(Self.old)-2", id: "two")
        double.add(name: "only-20260401-000000-abcd", id: "three", status: "deploying")
        double.add(name: "somebody's own", id: "four")
        let survey = await RunSurvey(fixture.ledger, settings: try settings(), targets: targets)
        #expect(survey.runs.map(\.run.description) == ["only-20260401-000000-abcd", Self.new, Self.old])
        #expect(survey.runs.map { $0.status?.phase } == [nil, .stages, .complete])
        #expect(survey.runs.map(\.machines.count) == [1, 0, 1])
        #expect(survey.blanks.isEmpty && !survey.isCut)
    }

    @Test func `where could not be looked is told`() async throws {
        let closed = "http://127.0.0.1:\(FreePort.find(1)[0])"
        let survey = await RunSurvey(
            fixture.ledger, settings: try settings(["IOCLOUD_API_URL": closed, "R2_ENDPOINT_URL": "file:///none"]),
            targets: targets)
        #expect(survey.isCut && survey.seen.isEmpty)
        #expect(survey.blanks.count >= 1)
        let unset = await RunSurvey(fixture.ledger, settings: try Settings(environment: [:]), targets: targets)
        #expect(!unset.isCut)
        #expect(
            unset.blanks.map(\.description).first
                == "cannot look for runs in the bucket: R2_BUCKET_NAME and R2_ENDPOINT_URL must be set, in the environment "
                + "or in --env-file")
        #expect(unset.blanks.last?.reason.hasPrefix("IOCLOUD_API_KEY is not set") == true)
    }

    @Test func `a run that only the bucket knows is found by its beginning, and noted`() async throws {
        let finder = RunFinder(fixture.ledger, settings: try settings(), targets: targets)
        let ambiguous = await #expect(throws: DeploymentError.self) { try await finder.find("demo") }
        #expect(ambiguous?.description == "cannot find run 'demo': it may be \(Self.new) or \(Self.old)")
        let record = try await finder.find("demo-2026010")
        #expect(record.run.description == Self.old && record.created == "2026-01-02T03:04:05Z")
        #expect(record.bucket?.prefix == "team" && record.machines.isEmpty)
        #expect(try fixture.ledger.find("last") == record)
        // From now on the run is found in the ledger.
        #expect(try await finder.find("demo") == record)
        #expect(try await finder.find("last") == record)
    }

    @Test func `the last run of an empty ledger is the newest of all`() async throws {
        #expect(
            try await RunFinder(fixture.ledger, settings: try settings(), targets: targets).find("last").run.description
                == Self.new)
    }

    @Test func `who finds nothing says where could not be looked`() async throws {
        let settings = try Settings(environment: [:])
        let error = await #expect(throws: DeploymentError.self) {
            try await RunFinder(fixture.ledger, settings: settings, targets: targets).find("demo")
        }
        #expect(error?.code == .notFound)
        #expect(error?.reason.contains("; cannot look for runs in the bucket: R2_BUCKET_NAME") == true)
        #expect(error?.reason.contains("; cannot talk to io.net: IOCLOUD_API_KEY is not set") == true)
    }

    @Test func `what a machine was asked for comes back from the provider, without its secrets`() async throws {
        let run = "demo-20260401-000000-abcd"
        let endpoint = "file://\(fixture.folder.path)"
        let double = try await IonetDouble { request, _ in
            guard request.path.hasSuffix("/deployment/d") else { return nil }
            return IonetDouble.json([
                "id": "d", "status": "destroyed", "hardware_id": 203, "hardware_name": "H100", "gpus_per_container": 8,
                "compute_minutes_served": 61, "compute_minutes_remaining": 299, "amount_paid": "143.50",
                "container_config": [
                    "image_url": "ghcr.io/me/demo:0123456789ab", "traffic_port": 8080,
                    "env_variables": [
                        "RUN_ID": .string(run), "KEEP_ALIVE": "true", "TEXT": "a ${B}", "R2_BUCKET_NAME": "runs",
                        "R2_ENDPOINT_URL": .string(endpoint), "CAAS_IMAGE": "sha256:00",
                    ],
                    "secret_env_keys": ["R2_ACCESS_KEY_ID", "STATUS_TOKEN"],
                ],
            ])
        }
        double.add(name: run, id: "d", status: "destroyed")
        let settings = try settings(["IOCLOUD_API_URL": double.url, "R2_ACCESS_KEY_ID": "key-id-0123456789"])
        let record = try await RunFinder(fixture.ledger, settings: settings, targets: targets).find(run)
        #expect(record.machines.map(\.rented) == ["8 × H100 for 6 h, 143.50 USD"])
        #expect(record.bucket == RunRecord.Bucket(endpoint: endpoint, name: "runs", prefix: nil))
        let manifest = try #require(try record.request?.manifest(of: record.run, settings: settings, overrides: []))
        #expect(manifest.image == "ghcr.io/me/demo:0123456789ab" && manifest.port == 8080 && !manifest.keepAlive)
        let resources = try IonetResources(manifest.resources)
        #expect(resources.hardwareID == .number("203") && resources.hours == 6)
        #expect(manifest.environment["TEXT"] == "a ${B}" && manifest.environment["RUN_ID"] == nil)
        #expect(manifest.secrets == ["R2_ACCESS_KEY_ID"] && record.request?.digest == "sha256:00")
        // Requests signed with the settings' key go only to the settings' service.
        let other = try Settings(environment: [
            "R2_ENDPOINT_URL": "https://r2.example.org", "IOCLOUD_API_KEY": IonetDouble.key,
            "IOCLOUD_API_URL": double.url,
        ])
        let stranger = RunLedger(home: fixture.folder("elsewhere"))
        #expect(try await RunFinder(stranger, settings: other, targets: targets).find(run).bucket == nil)
    }
}
