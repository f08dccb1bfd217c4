import CloudSupport
import Definitions
import Deployment
import JSON
import OCI
import RunContract
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct KeptRequestTests {
    private func kept(
        _ fixture: DeploymentFixture, _ overrides: [String] = [], text: String = DeploymentFixture.manifest
    ) async throws -> (plan: DeploymentPlan, record: RunRecord) {
        let double = try await IonetDouble()
        let ionet = try fixture.client(double)
        let manifest = try RunManifest(
            parsing: text, file: "demo.yaml", settings: fixture.settings, overrides: overrides)
        let plan = try DeploymentPlan(
            manifest, run: RunID("demo-20260102-030405-00ff"), image: Reference("ghcr.io/me/demo:0123456789ab"),
            digest: Digest("sha256:" + String(repeating: "0123456789abcdef", count: 4)),
            on: ionet, offer: try await ionet.offer(for: manifest.resources), login: manifest.registryLogin,
            settings: fixture.settings, key: fixture.key)
        return (plan, try await fixture.deployer(ionet).start(plan))
    }

    @Test func `the ledger's manifest is the one that was deployed, with other hours where they are asked`()
        async throws
    {
        let fixture = try DeploymentFixture(["TEXT": "a ${B} $${C} \\ \" ' \u{7f} é 😀 {x: [1]}"])
        let (_, record) = try await kept(fixture, ["environment.TEXT=${TEXT}", "resources.hardware_id=203"])
        let request = try #require(try fixture.ledger.find("last").request)
        #expect(request == record.request)
        let again = try request.manifest(
            of: record.run, settings: fixture.settings, overrides: ["resources.hours=12", "budget_usd=500"])
        let before = try fixture.manifest("environment.TEXT=${TEXT}", "resources.hardware_id=203")
        #expect(again.name == "demo" && again.image == "ghcr.io/me/demo:0123456789ab" && again.repository == nil)
        var resources = try IonetResources(again.resources)
        #expect(resources.hours == 12 && again.budgetUSD == 500)
        resources.hours = try IonetResources(before.resources).hours
        #expect(try resources == IonetResources(before.resources))
        #expect(again.environment["TEXT"] == fixture.settings["TEXT"])
        #expect(again.environment["R2_BUCKET_NAME"] == "runs" && again.environment["RUN_ID"] == nil)
        #expect(again.secrets == before.secrets && again.port == before.port)
        #expect(again.registryLogin == before.registryLogin)
        #expect(request.digest?.hasPrefix("sha256:0123") == true)
    }

    @Test func `no secret is kept, and each is asked for again`() async throws {
        let fixture = try DeploymentFixture()
        let literal = DeploymentFixture.manifest.replacing("${REGISTRY_PASSWORD}", with: "literal-password")
        for text in [DeploymentFixture.manifest, literal] {
            let (_, record) = try await kept(fixture, text: text)
            let kept = record.json.text
            for secret in Array(DeploymentFixture.secrets.values) + ["literal-password"] {
                #expect(!kept.contains(secret))
            }
        }
        let request = try #require(try fixture.ledger.find("last").request)
        let run = try RunID("demo-20260102-030405-00ff")
        // A password that was written in the manifest itself is not kept.
        #expect(try request.manifest(of: run, settings: fixture.settings, overrides: []).registryLogin == nil)
        let empty = try Settings(environment: [:])
        let error = #expect(throws: Failure.self) {
            try request.manifest(of: run, settings: empty, overrides: [])
        }
        #expect(
            error?.description.hasPrefix(
                "cannot read what the ledger keeps of demo-20260102-030405-00ff: 'secrets' lists R2_ACCESS_KEY_ID")
                == true
        )
    }

    @Test func `a mistake in what is changed is named as in a manifest`() async throws {
        let fixture = try DeploymentFixture()
        let (_, record) = try await kept(fixture)
        let error = #expect(throws: Failure.self) {
            let manifest = try record.request?.manifest(
                of: record.run, settings: fixture.settings, overrides: ["resources.hour=2"])
            return try manifest.map { (manifest) throws in try IonetResources(manifest.resources) }
        }
        #expect(error?.description.contains("unknown key 'hour' in resources; did you mean 'hours'?") == true)
    }
}
