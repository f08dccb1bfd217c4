import ArgumentParser
import Definitions
import Deployment
import HTTP
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import RunContract
import Secrets
import SystemPackage
import Timestamps

/// `caasctl deploy`: rents a machine and starts a run on it.
struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rent a machine at io.net and start a run on it.",
        discussion: """
            Prints the run's id. Everything is checked before anything is paid for: the image, the bucket, the price.

            caasctl deploy manifests/demo.yaml --set resources.gpus=4 --set environment.WANDB_RUN=second
            caasctl deploy demo --dry-run --output request.json
            """)

    @Argument(help: "A manifest's file, or its name below manifests/.")
    var manifest: String

    @Flag(help: "Go on serving the model once everything is verified.")
    var keepAlive = false

    @Flag(help: "Ask only for what there is and what it costs, and print the request.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("With --dry-run: write the request with its secrets here, mode 0600.", valueName: "file"))
    var output: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change one field of the manifest, by its dotted path.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Pay without being asked.")
    var yes = false

    @Flag(help: "Return as soon as io.net took the request.")
    var detach = false

    @OptionGroup var connection: RegistryConnectionOptions
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard output == nil || dryRun else { throw ValidationError("--output needs --dry-run") }
    }

    func run() async throws {
        let settings = try options.settings()
        let manifest = try readManifest(settings)
        let home = HomeFolder.path()
        let image = try ManifestImage(manifest, store: ImageStore(at: home.appending("store")))
        let ionet = try IonetClient(settings: settings)
        let offer = try await ionet.offer(for: manifest.resources)
        let login = try await login(manifest, for: image.reference, settings)
        let key = try StatusKey(home: home)
        let run = try RunID(name: manifest.name, at: .now(), random: .random(in: 0 ... .max))
        let digest = dryRun ? image.digest : try await image.check(registry(login, for: image.reference))
        let plan = try DeploymentPlan(
            manifest, run: run, image: image.reference, digest: digest, offer: offer, login: login,
            settings: settings, key: key)
        try Deployer.check(plan, budgetUSD: manifest.budgetUSD)
        showOffer(plan, manifest, ionet)
        if dryRun { return try show(plan, ionet) }
        try await proveBucket(plan, settings)
        try confirm(plan)
        let deployer = Deployer(ionet, ledger: RunLedger(home: home)) { StandardError.print($0) }
        let record = try await deployer.start(plan)
        print(run)
        if detach { return }
        try await showLinks(try await deployer.follow(record), key)
    }

    private func readManifest(_ settings: Settings) throws -> RunManifest {
        let overrides = overrides + (keepAlive ? ["keep_alive=true"] : [])
        return try RunManifest(reading: RunManifest.locate(manifest), settings: settings, overrides: overrides)
    }

    /// What the provider logs in with: the manifest's login, else what `push` logs in with.
    private func login(
        _ manifest: RunManifest, for image: Reference, _ settings: Settings
    ) async throws -> RunManifest.RegistryLogin? {
        if let login = manifest.registryLogin { return login }
        if let username = settings.text("REGISTRY_USERNAME"), let password = settings.secret("REGISTRY_PASSWORD") {
            return RunManifest.RegistryLogin(username: username, password: password)
        }
        let credentials = RegistryCredentials.standard()
        guard let login = try await credentials.login(for: image.registry, repository: image.repository) else {
            return nil
        }
        return RunManifest.RegistryLogin(username: login.username, password: login.password)
    }

    /// A client that pulls as the provider will: with this login, or without any.
    private func registry(_ login: RunManifest.RegistryLogin?, for image: Reference) throws -> RegistryClient {
        var credentials = RegistryCredentials.none
        if let login {
            credentials.add(
                .password(user: login.username, login.password, from: "registry_login"), for: image.registry)
        }
        return try connection.client(credentials)
    }

    private func showOffer(_ plan: DeploymentPlan, _ manifest: RunManifest, _ ionet: IonetClient) {
        StandardError.print(
            """
            host     \(ionet.base.authority)
            machine  \(plan.request.gpus) × \(plan.offer.hardware) in \(plan.offer.locations.joined(separator: ", "))
            time     \(plan.request.hours) h, charged in advance and not refunded
            price    \(Deployer.dollars(plan.offer.priceUSD))
            image    \(plan.request.image)
            """)
        if plan.bucket == nil { StandardError.print("bucket   none: what the run makes is lost when it ends") }
    }

    private func show(_ plan: DeploymentPlan, _ ionet: IonetClient) throws {
        guard let output else {
            return print(
                String(decoding: plan.request.json(revealing: false).prettyEncoded(), as: UTF8.self), terminator: "")
        }
        try FileSystem.write(plan.request.json(revealing: true).prettyEncoded(), to: FilePath(output), mode: 0o600)
        StandardError.print(
            """
            \(output) holds the request with its secrets; to send it:
              curl -X POST \(ionet.base)/deploy -H "x-api-key: $IOCLOUD_API_KEY" \
            -H "Content-Type: application/json" --data @\(output)
            """)
    }

    private func proveBucket(_ plan: DeploymentPlan, _ settings: Settings) async throws {
        guard let place = plan.bucket else { return }
        for name in [EnvironmentName.accessKeyID, EnvironmentName.secretAccessKey]
        where plan.request.secrets[name] == nil {
            throw DeploymentError(.unsuitable, "deploy \(plan.run)", "'secrets' of the manifest does not list \(name)")
        }
        try await RunBucket(place, run: plan.run, settings: settings).prove()
    }

    private func confirm(_ plan: DeploymentPlan) throws {
        guard plan.offer.priceUSD > 0 else { return }
        let price = Deployer.dollars(plan.offer.priceUSD)
        if let refusal = Confirmation.refusal(of: "Pay \(price)", yes: yes) {
            throw DeploymentError(.refused, "deploy \(plan.run)", "it costs \(price), and \(refusal)")
        }
    }

    private func showLinks(_ record: RunRecord, _ key: StatusKey) async throws {
        guard let url = record.publicURL else { return StandardError.print("the run is over already") }
        StandardError.print("page     \(RunLink.page(url, key.token(of: record.run)))")
        StandardError.print("next     caasctl logs --follow \(record.run)")
    }
}
