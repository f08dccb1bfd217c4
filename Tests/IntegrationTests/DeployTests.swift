import CloudSupport
import HTTP
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of the commands for runs against a real registry, a real S3 server and a double of the API.
@Suite struct DeployTests {
    private static let manifest = """
        name: mini
        target: ionet
        image: mini
        repository: "${REGISTRY}/mini"
        resources: {gpu: H100, gpus: 8, locations: [US], hours: 6}
        port: 8080
        environment: {WANDB_RUN: first, R2_BUCKET_NAME: "${R2_BUCKET_NAME}", R2_ENDPOINT_URL: "${R2_ENDPOINT_URL}"}
        secrets: [R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY]
        budget_usd: 150
        """

    private let folder: TemporaryFolder
    private let storage: RcloneS3Server
    private let registry: DockerRegistry
    private let double: IonetDouble

    init() async throws {
        folder = try TemporaryFolder()
        storage = try await RcloneS3Server(accessKeyID: "key-id-0123456789", secretAccessKey: "bucket-secret-value")
        registry = try await DockerRegistry()
        double = try await IonetDouble()
        try folder.write("images/mini/files/.caas/caas-entrypoint", "#!/bin/sh\n", mode: 0o755)
        try folder.write(
            "images/mini/image.yaml",
            """
            name: mini
            base: scratch
            layers: [{files: {from: files, into: /}}]
            entrypoint: [/.caas/caas-entrypoint]
            """)
        try folder.write("manifests/mini.yaml", Self.manifest)
    }

    private func caasctl(_ arguments: String..., variables: [String: String?] = [:]) async throws -> Command.Outcome {
        try await run(arguments, variables)
    }

    private func pushImage() async throws -> String {
        let outcome = try await caasctl("build", "mini", "--tag", "\(registry.host)/mini:latest", "--push")
        #expect(outcome.status == 0, "\(outcome.errors)")
        return String(outcome.output.dropLast().dropFirst("sha256:".count))
    }

    /// Checks that no secret is in the output, nor in any file of the home folder except the key.
    private func expectNoSecrets(in outcome: Command.Outcome) throws {
        let home = try filesBelow(folder("home")).filter { $0.lastComponent?.string != "key" }
        let texts = try home.map { String(decoding: try FileSystem.read($0), as: UTF8.self) }
        for secret in ["bucket-secret-value", IonetDouble.key] {
            #expect(!outcome.output.contains(secret))
            #expect(!outcome.errors.contains(secret))
            #expect(!texts.contains { $0.contains(secret) })
        }
    }

    private func filesBelow(_ folder: FilePath) throws -> [FilePath] {
        try FileSystem.names(in: folder).flatMap { name -> [FilePath] in
            let path = folder.appending(name)
            return try FileStatus(path).kind == .directory ? filesBelow(path) : [path]
        }
    }

    @Test func `a run is deployed, looked at and destroyed`() async throws {
        let digest = try await pushImage()
        let deployed = try await caasctl("deploy", "mini", "--yes", "--set", "environment.WANDB_RUN=second")
        #expect(deployed.status == 0, "\(deployed.errors)")
        let run = String(deployed.output.dropLast())
        #expect(run.wholeMatch(of: #/mini-\d{8}-\d{6}-[0-9a-f]{4}/#) != nil)
        #expect(deployed.errors.contains("price    143.50 USD, 23.92 USD an hour\n"))
        #expect(deployed.errors.contains("page     https://c1.example.org/.caas/#"))
        try expectNoSecrets(in: deployed)
        let body = try #require(double.deployed.first)
        #expect(double.count("POST /deploy") == 1)
        // The reference contains the digest, so that a push to the tag cannot change what a restart runs.
        #expect(body["registry_config"]?["image_url"]?.string == "\(registry.host)/mini@sha256:\(digest)")
        #expect(body["container_config"]?["env_variables"]?["WANDB_RUN"] == "second")
        #expect(body["container_config"]?["secret_env_variables"]?["R2_SECRET_ACCESS_KEY"] == "bucket-secret-value")

        let status = try await caasctl("status", "last", "--json")
        let report = try JSONValue(parsing: status.output)
        #expect(report["run"]?.string == run)
        #expect(report["deployment_status"] == "running")
        try expectNoSecrets(in: status)

        let refused = try await caasctl("destroy", run)
        #expect(refused.status == 1)
        #expect(
            refused.errors
                == "Error: cannot destroy \(run): its result is not verified (there is no complete.json in its bucket; "
                + "it has said nothing yet); --force destroys it all the same\n")
        #expect(double.count("DELETE /deployment/\(report["deployment_id"]?.string ?? "")") == 0)
        let destroyed = try await caasctl("destroy", "mini", "--force")
        #expect(destroyed.output == "\(run)\n")
        #expect(try await caasctl("status", run).output.contains("deployment   destroyed"))
    }

    @Test func `a run's machines are ended at every target that has some`() async throws {
        let run = "mini-20260102-030405-00ff"
        double.add(name: run, id: "d1")
        func machine(_ name: String, _ target: String, _ api: String, _ id: String) -> JSONValue {
            [
                "name": .string(name), "created": "2026-01-02T03:04:05Z", "target": .string(target),
                "api": .string(api),
                "image": "i", "hardware": "h", "gpus": 1, "hours": .null, "price_usd": 0, "port": 8080,
                "adopted": false, "state": "deployed", "deployment_id": .string(id), "public_url": .null,
            ]
        }
        let record: JSONValue = [
            "version": 2, "run": .string(run), "created": "2026-01-02T03:04:05Z", "bucket": .null, "request": .null,
            "machines": [machine(run, "ionet", double.url, "d1"), machine("\(run)-2", "local", "local", "\(run)-2")],
        ]
        try folder.write("home/runs/\(run).json", record.text)
        let destroyed = try await caasctl("destroy", run, "--force")
        #expect(destroyed.status == 0 && destroyed.output == "\(run)\n", "\(destroyed.errors)")
        #expect(double.count("DELETE /deployment/d1") == 1)
        let kept = try JSONValue(parsing: try FileSystem.read(folder("home/runs/\(run).json")))
        #expect(kept["machines"]?.array?.map { $0["state"] } == ["destroyed", "destroyed"])
    }

    @Test func `a dry run asks and changes nothing`() async throws {
        let digest = try await pushImage()
        let shown = try await caasctl("deploy", "manifests/mini.yaml", "--dry-run", "--keep-alive")
        #expect(shown.status == 0, "\(shown.errors)")
        let body = try JSONValue(parsing: shown.output)
        #expect(body["container_config"]?["secret_env_variables"]?["R2_SECRET_ACCESS_KEY"] == "<redacted>")
        #expect(body["container_config"]?["env_variables"]?["KEEP_ALIVE"] == "true")
        #expect(body["container_config"]?["env_variables"]?["CAAS_IMAGE"]?.string == "sha256:\(digest)")
        try expectNoSecrets(in: shown)
        let written = try await caasctl("deploy", "mini", "--dry-run", "--output", "request.json")
        #expect(written.output.isEmpty)
        try expectNoSecrets(in: written)
        #expect(try FileStatus(folder("request.json")).mode == 0o600)
        let request = try JSONValue(parsing: try FileSystem.read(folder("request.json")))
        #expect(request["container_config"]?["secret_env_variables"]?["R2_SECRET_ACCESS_KEY"] == "bucket-secret-value")
        #expect(double.server.requests.allSatisfy { $0.method == "GET" })
        #expect(!FileSystem.exists(folder("home/runs")))
        // The request that users of io.net's API send.
        let curl = try await Command(
            "curl",
            [
                "--silent", "--show-error", "-X", "POST", "\(double.url)\(IonetDouble.prefix)/deploy", "-H",
                "x-api-key: \(IonetDouble.key)", "-H", "Content-Type: application/json", "--data",
                "@\(folder("request.json"))",
            ]
        ).succeed()
        #expect(try JSONValue(parsing: curl)["deployment_id"] != nil)
        #expect(double.deployed == [request])
    }

    private struct Refusal: Sendable {
        let arguments: [String]
        let variables: [String: String?]
        let status: Int
        let says: String

        init(_ arguments: [String] = [], _ variables: [String: String?] = [:], status: Int = 1, says: String) {
            self.arguments = arguments
            self.variables = variables
            self.status = status
            self.says = says
        }
    }

    private static let refusals = [
        Refusal(says: "it costs 143.50 USD, and nobody said yes; add --yes"),
        Refusal(
            ["--yes", "--set", "budget_usd=143"],
            says: "8 H100 for 6 h cost 143.50 USD, and budget_usd is 143.00 USD"),
        Refusal(
            ["--yes"], ["R2_SECRET_ACCESS_KEY": "another-secret-value"],
            says: "check R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY"),
        Refusal(
            ["--yes"], ["R2_SECRET_ACCESS_KEY": nil],
            says:
                "cannot read manifests/mini.yaml:8: 'secrets' lists R2_SECRET_ACCESS_KEY, which is set neither in the "
                + "environment nor in --env-file"),
        Refusal(["--yes"], ["IOCLOUD_API_KEY": nil], says: "cannot talk to io.net: IOCLOUD_API_KEY is not set"),
        Refusal(["--yes"], ["IOCLOUD_API_KEY": "wrong"], says: "the key in IOCLOUD_API_KEY is not accepted"),
        Refusal(
            ["--yes"], ["IOCLOUD_API_URL": "https://api.io.solutions"],
            says: "IOCLOUD_API_KEY is a sandbox's key, which is for this machine alone"),
        Refusal(
            ["--yes", "--set", "resources.gpsu=4"],
            says: "cannot read --set resources.gpsu: unknown key 'gpsu' in resources; did you mean 'gpus'?"),
        Refusal(["--output", "x.json"], status: 64, says: "--output needs --dry-run"),
        Refusal(["--dry-run", "--output", "x/"], status: 64, says: "'x/' names a folder; name a file in it"),
        Refusal(
            ["--yes", "--env-file", "open.env"],
            says: "cannot read open.env: others than its owner may read or change it; type: chmod 600 open.env"),
    ]

    @Test(arguments: refusals) private func `what will not do is said in a line, and nothing is rented`(
        refusal: Refusal
    ) async throws {
        _ = try await pushImage()
        try folder.write("open.env", "WANDB_API_KEY=wandb-secret-value\n", mode: 0o644)
        var environment = refusal.variables
        environment["HOME"] = folder.path.string
        let outcome = try await run(["deploy", "mini"] + refusal.arguments, environment)
        #expect(outcome.status == refusal.status)
        #expect(outcome.errors.contains(refusal.says), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(!outcome.errors.contains("another-secret-value"))
        #expect(!outcome.errors.contains("wandb-secret-value"))
        try expectNoSecrets(in: outcome)
        #expect(double.deployed.isEmpty)
    }

    private func run(_ arguments: [String], _ variables: [String: String?]) async throws -> Command.Outcome {
        var environment: [String: String?] = [
            "CAASCTL_HOME": folder("home").string, "DOCKER_CONFIG": folder("docker").string,
            "REGISTRY": registry.host, "IOCLOUD_API_URL": double.url, "IOCLOUD_API_KEY": IonetDouble.key,
        ]
        for (name, value) in storage.environment { environment[name] = value }
        environment.merge(variables) { _, new in new }
        return try await Command(
            Checkout.program("caasctl"), arguments, environment: environment, in: folder.path
        ).run()
    }

    @Test func `secrets may come from a file that only its owner can read`() async throws {
        _ = try await pushImage()
        try folder.write("secrets.env", "R2_SECRET_ACCESS_KEY=bucket-secret-value\n", mode: 0o600)
        let outcome = try await caasctl(
            "deploy", "mini", "--yes", "--detach", "--env-file", "secrets.env", variables: ["R2_SECRET_ACCESS_KEY": nil]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        try expectNoSecrets(in: outcome)
        #expect(double.deployed.count == 1)
    }

    @Test func `an image without our entrypoint is refused by a dry run too`() async throws {
        try folder.write(
            "images/mini/image.yaml",
            "name: mini\nbase: scratch\nlayers: [{files: {from: files, into: /}}]\nentrypoint: [/bin/sh]\n")
        let digest = try await pushImage()
        let reference = "\(registry.host)/mini:\(digest.prefix(12))"
        let pushed = Self.manifest
            .replacing("repository: \"${REGISTRY}/mini\"\n", with: "").replacing(
                "image: mini", with: "image: \(reference)")
        // An image that was built here is checked in the store, a reference in its registry.
        for manifest in [Self.manifest, pushed] {
            try folder.write("manifests/mini.yaml", manifest)
            let outcome = try await caasctl("deploy", "mini", "--dry-run")
            #expect(outcome.status == 1)
            #expect(
                outcome.errors
                    == "Error: cannot deploy \(reference): it has no caas-entrypoint; name a 'program' in its image.yaml and "
                    + "build it again\n")
        }
    }

    @Test func `an image that is not there yet is answered with what to type`() async throws {
        let target = "\(registry.host)/mini:latest"
        let hint = "type: caasctl build mini --tag \(target), then: caasctl push \(target)\n"
        let unbuilt = try await caasctl("deploy", "mini", "--yes")
        #expect(unbuilt.errors == "Error: cannot deploy mini: the image 'mini' is not built yet; \(hint)")
        let built = try await caasctl("build", "mini")
        let digest = built.output.dropFirst("sha256:".count)
        let unpushed = try await caasctl("deploy", "mini", "--yes")
        #expect(
            unpushed.errors.hasSuffix(
                "Error: cannot deploy \(registry.host)/mini:\(digest.prefix(12)): it is not in its registry; \(hint)"))
        #expect(double.deployed.isEmpty)
    }
}
