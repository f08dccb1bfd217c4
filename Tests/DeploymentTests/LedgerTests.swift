import Deployment
import JSON
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

@Suite struct LedgerTests {
    private func record(_ run: String, _ created: String) throws -> RunRecord {
        RunRecord(
            run: try RunID(run), created: created,
            bucket: RunRecord.Bucket(endpoint: "https://r2.example.org", name: "runs", prefix: nil),
            machines: [machine(run, created)])
    }

    private func machine(_ name: String, _ created: String = "2026-01-02T03:04:05Z") -> MachineRecord {
        MachineRecord(
            name: name, created: created, target: "ionet", api: "https://api.io.solutions/", image: "ghcr.io/me/a:1",
            hardware: "H100",
            gpus: 8, hours: 6, priceUSD: 12.5, port: 8000)
    }

    @Test func `a run is found by its id, the beginning of it, or as the last one`() throws {
        let folder = try TemporaryFolder()
        let ledger = RunLedger(home: folder.path)
        #expect(throws: DeploymentError.self) { try ledger.find("last") }
        var first = try record("demo-20260102-030405-00ff", "2026-01-02T03:04:05Z")
        let second = try record("demo-20260102-030405-1234", "2026-01-02T03:04:06Z")
        let third = try record("aaa-20260101-000000-0000", "2026-01-01T00:00:00Z")
        first.machines[0].deployment = .number("12")
        first.machines[0].publicURL = "https://x.example.org"
        for record in [first, second, third] { try ledger.write(record) }
        #expect(try ledger.find("last") == second)
        #expect(try ledger.find("demo-20260102-030405-00ff") == first)
        #expect(try ledger.find("aaa") == third)
        let ambiguous = #expect(throws: DeploymentError.self) { try ledger.find("demo") }
        #expect(
            ambiguous?.description
                == "cannot find run 'demo': it may be demo-20260102-030405-00ff or demo-20260102-030405-1234")
        let unknown = #expect(throws: DeploymentError.self) { try ledger.find("nobody") }
        #expect(unknown?.code == .notFound)
        #expect(throws: DeploymentError.self) { try ledger.find("") }
        #expect(throws: DeploymentError.self) { try ledger.find("../key") }
    }

    @Test func `a record of the first version is read, its one machine with it`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "runs/demo-20260102-030405-00ff.json",
            """
            {"version": 1, "target": "ionet", "run": "demo-20260102-030405-00ff", "created": "2026-01-02T03:04:05Z",
             "api": "https://api.io.solutions/", "image": "ghcr.io/me/a:1", "hardware": "H100", "gpus": 8, "hours": 6,
             "price_usd": 12.5, "port": 8000, "state": "deployed", "deployment_id": 12, "public_url": null,
             "bucket": {"endpoint": "https://r2.example.org", "name": "runs", "prefix": null}}
            """)
        let ledger = RunLedger(home: folder.path)
        let record = try ledger.find("last")
        var expected = machine("demo-20260102-030405-00ff")
        expected.deployment = .number("12")
        expected.state = .deployed
        #expect(record.machines == [expected] && record.request == nil && record.bucket?.name == "runs")
        try ledger.write(record)
        #expect(try ledger.find("last") == record)
    }

    @Test func `a record that cannot be read hides none of the others, and is named`() throws {
        let folder = try TemporaryFolder()
        let ledger = RunLedger(home: folder.path)
        try ledger.write(try record("demo-20260102-030405-00ff", "2026-01-02T03:04:05Z"))
        try folder.write("runs/broken-20260102-030405-00ff.json", "{")
        let (records, unreadable) = try ledger.all()
        #expect(records.map(\.run.description) == ["demo-20260102-030405-00ff"])
        #expect(unreadable.first?.description.contains("broken-20260102-030405-00ff.json") == true)
    }

    @Test func `the key is made once, for its owner alone`() throws {
        let folder = try TemporaryFolder()
        let home = folder("new/home")
        let run = try RunID("demo-1")
        let token = try StatusKey(home: home).token(of: run)
        #expect(try StatusKey(home: home).token(of: run) == token)
        #expect(token.unredacted.utf8.count == 32)
        #expect(try FileStatus(home.appending("key")).mode == 0o600)
        #expect(try FileSystem.names(in: home).map(\.string) == ["key"])
    }

    @Test func `many that make the key at once get the same`() async throws {
        let folder = try TemporaryFolder()
        let run = try RunID("demo-1")
        let tokens = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { try StatusKey(home: folder.path).token(of: run).unredacted } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(tokens.count == 1)
    }
}
