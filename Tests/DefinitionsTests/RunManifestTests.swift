import Definitions
import JSON
import Secrets
import SystemPackage
import Testing
import Wording

@Suite struct RunManifestTests {
    private static let variables = [
        "GITHUB_USER": "me", "R2_ACCESS_KEY_ID": "id", "R2_SECRET_ACCESS_KEY": "a-long-secret",
        "REGISTRY_PASSWORD": "another-secret",
    ]

    private func parse(
        _ text: String, variables: [String: String] = variables, overrides: [String] = []
    ) throws -> RunManifest {
        try RunManifest(
            parsing: text, file: "manifests/demo.yaml", settings: Settings(environment: variables),
            overrides: overrides)
    }

    private static let whole = """
        name: demo
        target: ionet
        image: demo
        repository: "ghcr.io/${GITHUB_USER}/demo"
        resources: {gpu: H100, gpus: 8, locations: [US], hours: 6}
        port: 8080
        keep_alive: true
        environment: {WANDB_RUN: one, STEPS: 1_000, R2_BUCKET_NAME: "${R2_BUCKET_NAME:-runs}"}
        secrets: [R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY]
        optional_secrets: [WANDB_API_KEY]
        registry_login: {username: me, password: "${REGISTRY_PASSWORD}"}
        budget_usd: 150.5
        """

    @Test func `a file with everything is read`() throws {
        let manifest = try parse(Self.whole)
        #expect(manifest.repository == "ghcr.io/me/demo")
        let resources = try YAMLFields(manifest.resources, known: ["gpu", "gpus", "locations", "hours"])
        #expect(try resources["gpu"]?.text() == "H100" && resources["gpus"]?.whole() == 8)
        #expect(try resources["locations"]?.texts() == ["US"] && resources["hours"]?.whole() == 6)
        #expect(manifest.port == 8080)
        #expect(manifest.keepAlive)
        #expect(manifest.environment == ["WANDB_RUN": "one", "STEPS": "1_000", "R2_BUCKET_NAME": "runs"])
        #expect(manifest.secrets == ["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"])
        #expect(manifest.registryLogin?.password == Secret("another-secret"))
        #expect(manifest.budgetUSD == 150.5)
        #expect(!"\(manifest)".contains("another-secret"))
    }

    @Test func `what is kept is read as the same manifest, dollars included`() throws {
        let text = """
            name: demo
            target: a$${B}
            image: "b$${C}"
            resources: {d: "$${E}", f: [1, "2"]}
            environment: {G: "$${H}"}
            """
        let manifest = try parse(text)
        let kept = manifest.kept(image: manifest.image, environment: manifest.environment)
        let again = try RunManifest(kept: kept, place: "kept", settings: Settings(environment: [:]))
        #expect(again.target == manifest.target && again.image == "b${C}" && again.environment == ["G": "${H}"])
        #expect(again.kept(image: again.image, environment: again.environment) == kept)
    }

    @Test func `options override fields`() throws {
        let manifest = try parse(
            Self.whole,
            overrides: [
                "resources.gpus=4", "environment.WANDB_RUN=a=b", "environment.NEW=x", "resources.locations=[US, DE]",
                "budget_usd=1",
            ])
        let resources = try YAMLFields(manifest.resources, known: ["gpu", "gpus", "locations", "hours"])
        #expect(try resources["gpus"]?.whole() == 4 && resources["locations"]?.texts() == ["US", "DE"])
        #expect(manifest.environment["WANDB_RUN"] == "a=b")
        #expect(manifest.environment["NEW"] == "x")
        #expect(manifest.budgetUSD == 1)
    }

    @Test(arguments: [
        ("prot=4", "--set prot: unknown key 'prot'; did you mean 'port'?"),
        ("port=x", "--set port: 'port' is 'x'; a whole number of at least 1 was expected"),
        ("gpus", "--set gpus: it is not KEY=VALUE, as in resources.gpus=4"),
        ("name.x=1", "--set name.x: 'name' is not a mapping"),
    ])
    func `a mistake in an option is named by it`(override: String, says: String) {
        let error = #expect(throws: Failure.self) { try parse(Self.whole, overrides: [override]) }
        #expect(error?.description == "cannot read \(says)")
    }

    private static let start = "name: a\ntarget: ionet\nimage: a\nresources: {gpu: H100, hours: 1}\n"
    private static let mistakes = [
        // Unknown keys
        Mistake(start + "prot: 1", says: ":5: unknown key 'prot'; did you mean 'port'?"),
        Mistake(
            start + "registry_login: {user: a, password: b}",
            says: ":5: unknown key 'user' in registry_login; known are username, password"),
        // Missing keys
        Mistake("name: a", says: ":1: 'target' is missing"),
        Mistake("name: a\ntarget: ionet\nresources: {gpu: H100, hours: 1}", says: ":1: 'image' is missing"),
        // Wrong types
        Mistake(start + "port: http", says: ":5: 'port' is 'http'; a whole number of at least 1 was expected"),
        Mistake(start + "port: 70000", says: ":5: 'port' is '70000'; a port was expected"),
        Mistake(start + "keep_alive: on", says: ":5: 'keep_alive' is 'on'; true or false was expected"),
        Mistake(
            start + "budget_usd: 1e9",
            says: ":5: 'budget_usd' is '1e9'; a sum of dollars, as in 150 or 0.5, was expected"),
        Mistake(
            start + "budget_usd: 100000000000000000000",
            says: ":5: 'budget_usd' is '100000000000000000000'; a sum from 0.001 to 1000000000 dollars was expected"),
        Mistake(
            start + "budget_usd: 0.00000001",
            says: ":5: 'budget_usd' is '0.00000001'; a sum from 0.001 to 1000000000 dollars was expected"),
        Mistake(start + "environment: [A]", says: ":5: 'environment' is a list; a mapping was expected"),
        Mistake(start + "secrets: A", says: ":5: 'secrets' is 'A'; a list of variables was expected"),
        Mistake(start + "secrets: [a-b]", says: ":5: 'a-b' is not a variable's name"),
        Mistake(
            start + "registry_login: {username: a, password: [hunter22]}",
            says: ":5: 'registry_login.password' is not a text"),
        // Variables and secrets
        Mistake(
            start + "environment: {A: \"${MISSING}\"}",
            says: ":5: 'environment.A' needs MISSING, which is not set; set it, or write ${MISSING:-default}"),
        Mistake(
            start + "environment: {A: \"${R2_SECRET_ACCESS_KEY}\"}",
            says: ":5: 'environment.A' uses the secret R2_SECRET_ACCESS_KEY, which may stand in 'registry_login' only; "
                + "list it in 'secrets' to send it"),
        Mistake(
            start + "environment: {A: \"${GITHUB_USER}\"}\nsecrets: [GITHUB_USER]",
            says: ":5: 'environment.A' uses the secret GITHUB_USER, which may stand in 'registry_login' only; "
                + "list it in 'secrets' to send it"),
        Mistake(
            start + "environment:\n  HF_TOKEN: abc",
            says: ":6: HF_TOKEN in environment is by its name a secret; list it in 'secrets'"),
        Mistake(
            start + "environment:\n  PORT: 1",
            says: ":6: PORT in environment is set by caasctl, from 'port'"),
        Mistake(
            start + "secrets: [R2_ACCESS_KEY_ID, HF_TOKEN]",
            says: ":5: 'secrets' lists HF_TOKEN, which is set neither in the environment nor in --env-file"),
    ]

    @Test func `a target that nobody knows is named with its line`() throws {
        let manifest = try parse(Self.start.replacing("target: ionet", with: "target: ionte"))
        #expect(
            manifest.unknownTarget(among: ["ionet", "local"]).description
                == "cannot read manifests/demo.yaml:2: unknown target 'ionte'; did you mean 'ionet'?")
    }

    @Test(arguments: mistakes) func `a mistake is named with its line`(mistake: Mistake) {
        let error = #expect(throws: Failure.self) { try parse(mistake.text) }
        #expect(error?.description == "cannot read manifests/demo.yaml\(mistake.says)")
    }
}
