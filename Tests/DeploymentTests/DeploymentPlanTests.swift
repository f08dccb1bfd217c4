import CloudSupport
import Definitions
import Deployment
import JSON
import OCI
import RunContract
import Secrets
import TestSupport
import Testing

@Suite struct DeploymentPlanTests {
    @Test func `the request is what io.net documents, and shows no secret`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let target = try fixture.client(double)
        let plan = try await fixture.plan(target)
        let expected = """
            {
              "container_config": {
                "entrypoint": [
                  "/.caas/caas-entrypoint"
                ],
                "env_variables": {
                  "CAAS_IMAGE": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                  "CAAS_SECRETS": "R2_ACCESS_KEY_ID,R2_SECRET_ACCESS_KEY,STATUS_TOKEN",
                  "KEEP_ALIVE": "false",
                  "ON_FAILURE": "hold",
                  "PORT": "8080",
                  "PRICE_USD_PER_HOUR": "23.9167",
                  "R2_BUCKET_NAME": "runs",
                  "R2_ENDPOINT_URL": "https://r2.example.org",
                  "RUN_ID": "demo-20260102-030405-00ff",
                  "WANDB_RUN": "first"
                },
                "replica_count": 1,
                "secret_env_variables": {
                  "R2_ACCESS_KEY_ID": "<redacted>",
                  "R2_SECRET_ACCESS_KEY": "<redacted>",
                  "STATUS_TOKEN": "<redacted>"
                },
                "traffic_port": 8080
              },
              "duration_hours": 6,
              "gpus_per_container": 8,
              "hardware_id": 203,
              "location_ids": [
                4
              ],
              "registry_config": {
                "image_url": "ghcr.io/me/demo:0123456789ab",
                "registry_secret": "<redacted>",
                "registry_username": "me"
              },
              "resource_private_name": "demo-20260102-030405-00ff"
            }

            """
        let shown = target.request(plan.launch, on: plan.offer, revealing: false)
        #expect(String(decoding: shown.prettyEncoded(), as: UTF8.self) == expected)
        var dumped = ""
        dump(plan, to: &dumped)
        for secret in DeploymentFixture.secrets.values { #expect(!dumped.contains(secret)) }
    }

    @Test func `what is sent holds the secrets, in their place alone`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let target = try fixture.client(double)
        let plan = try await fixture.plan(target)
        let body = target.request(plan.launch, on: plan.offer, revealing: true)
        let secrets = try #require(body["container_config"]?["secret_env_variables"])
        #expect(secrets["R2_SECRET_ACCESS_KEY"] == "bucket-secret-value")
        #expect(secrets["STATUS_TOKEN"] == .string(fixture.key.token(of: plan.run).unredacted))
        #expect(body["registry_config"]?["registry_secret"] == "registry-secret-value")
        let environment = try #require(body["container_config"]?["env_variables"]).text
        #expect(!environment.contains("secret-value"))
    }

    @Test func `where the bucket is comes from the settings if the manifest does not say it`() async throws {
        let fixture = try DeploymentFixture([
            "R2_BUCKET_NAME": "other", "R2_ENDPOINT_URL": "https://other.example.org", "R2_PREFIX": "team",
        ])
        let double = try await IonetDouble()
        let plan = try await fixture.plan(fixture.client(double))
        #expect(plan.launch.environment["R2_PREFIX"] == "team")
        #expect(plan.bucket == RunRecord.Bucket(endpoint: "https://r2.example.org", name: "runs", prefix: "team"))
    }

    @Test func `a secret under another name is refused`() async throws {
        let fixture = try DeploymentFixture(["COPY": "x-bucket-secret-value-x"])
        let manifest = try fixture.manifest("environment.SETTING=${COPY}")
        let double = try await IonetDouble()
        let target = try fixture.client(double)
        let offer = try await target.offer(for: manifest.resources)
        let error = #expect(throws: DeploymentError.self) {
            try DeploymentPlan(
                manifest, run: RunID("demo-1"), image: Reference("ghcr.io/me/demo:1"), digest: nil, on: target,
                offer: offer, login: nil, settings: fixture.settings, key: fixture.key)
        }
        #expect(
            error?.description
                == "cannot deploy demo-1 with SETTING: its value holds the secret R2_SECRET_ACCESS_KEY; "
                + "what stands in 'environment' is shown to everybody")
    }

    @Test func `a folder, which no machine of io.net has, is refused`() async throws {
        let fixture = try DeploymentFixture()
        let manifest = try fixture.manifest("environment.R2_ENDPOINT_URL=file:///shared")
        let double = try await IonetDouble()
        let target = try fixture.client(double)
        let offer = try await target.offer(for: manifest.resources)
        let error = #expect(throws: DeploymentError.self) {
            try DeploymentPlan(
                manifest, run: RunID("demo-1"), image: Reference("ghcr.io/me/demo:1"), digest: nil, on: target,
                offer: offer, login: nil, settings: fixture.settings, key: fixture.key)
        }
        #expect(error?.code == .unsuitable && error?.reason.contains("R2_ENDPOINT_URL is a folder") == true)
    }

    @Test func `a price above the budget is refused`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let plan = try await fixture.plan(fixture.client(double))
        try Deployer.check(plan, budgetUSD: nil)
        try Deployer.check(plan, budgetUSD: 143.5)
        let error = #expect(throws: DeploymentError.self) { try Deployer.check(plan, budgetUSD: 143.49) }
        #expect(error?.code == .tooExpensive)
        #expect(error?.reason == "8 H100 for 6 h cost 143.50 USD, and budget_usd is 143.49 USD")
    }
}
