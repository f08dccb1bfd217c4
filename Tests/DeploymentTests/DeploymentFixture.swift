import CloudSupport
import Definitions
import Deployment
import HTTP
import OCI
import RunContract
import Secrets
import SystemPackage
import Synchronization
import TestSupport

/// The manifest, settings and ledger that most deployment tests need.
struct DeploymentFixture {
    static let secrets = [
        "R2_ACCESS_KEY_ID": "key-id-0123456789", "R2_SECRET_ACCESS_KEY": "bucket-secret-value",
        "REGISTRY_PASSWORD": "registry-secret-value",
    ]
    static let manifest = """
        name: demo
        target: ionet
        image: demo
        repository: ghcr.io/me/demo
        resources: {gpu: H100, gpus: 8, locations: [US], hours: 6}
        port: 8080
        environment: {WANDB_RUN: first, R2_BUCKET_NAME: runs, R2_ENDPOINT_URL: "https://r2.example.org"}
        secrets: [R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY]
        registry_login: {username: me, password: "${REGISTRY_PASSWORD}"}
        budget_usd: 150
        """

    let folder: TemporaryFolder
    let ledger: RunLedger
    let key: StatusKey
    let settings: Settings

    init(_ variables: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        ledger = RunLedger(home: folder.path)
        key = try StatusKey(home: folder.path)
        settings = try Settings(environment: Self.secrets.merging(variables) { _, new in new })
    }

    func manifest(_ overrides: String...) throws -> RunManifest {
        try RunManifest(parsing: Self.manifest, file: "demo.yaml", settings: settings, overrides: overrides)
    }

    func client(_ double: IonetDouble) throws -> IonetClient {
        try IonetClient(
            url: double.url, key: Secret(IonetDouble.key),
            retries: RetryPolicy(attempts: 3, firstBound: 0.01, lastBound: 0.01))
    }

    func plan(
        _ ionet: IonetClient, run: String = "demo-20260102-030405-00ff", name: MachineName? = nil
    ) async throws -> DeploymentPlan {
        let manifest = try manifest()
        return try DeploymentPlan(
            manifest, run: RunID(run), name: name, image: Reference("ghcr.io/me/demo:0123456789ab"),
            digest: Digest("sha256:" + String(repeating: "0123456789abcdef", count: 4)),
            on: ionet, offer: try await ionet.offer(for: manifest.resources), login: manifest.registryLogin,
            settings: settings, key: key)
    }

    func deployer(_ ionet: IonetClient, _ said: SaidLines = SaidLines()) -> Deployer {
        var patience = Deployer.Patience(isLocal: true)
        patience.interval = 0.02
        patience.searches = 3
        patience.absence = 0.02
        patience.start = 2
        patience.end = 2
        return Deployer(ionet, ledger: ledger, patience: patience) { said.add($0) }
    }
}

/// Collects lines from any thread.
final class SaidLines: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}
