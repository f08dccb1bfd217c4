import Definitions
import Deployment
import HTTP
import ImageStore
import JSON
import OCI
import ObjectStorage
import POSIX
import Registry
import RunContract
import Secrets
import SystemPackage

/// The steps from a manifest to a rented machine, which `deploy`, `resume` and `serve` share.
struct RunStart {
    let verb: String
    let manifest: RunManifest
    let run: RunID
    /// The machine's name, nil for the run's first machine.
    var name: MachineName?
    /// The digest of the run's earlier image, nil where another image is wanted.
    var digest: String?
    /// The cost of the run's earlier machines in US dollars.
    var paidUSD = 0.0
    /// The bucket that holds the run's results, nil for a new run.
    var bucket: RunRecord.Bucket?
    let options: StartOptions
    let settings: Settings
    let target: any Target
    let home: FilePath

    private var action: String { "\(verb) \(run)" }

    /// Checks everything, prints the price, asks for confirmation, and starts the machine.
    ///
    /// `check` runs after the confirmation, for conditions that may have changed while the question waited.
    /// `checkProgram` gets the image's program.
    func go(
        checking check: () async throws -> Void = {}, program checkProgram: (Program?) throws -> Void = { _ in }
    ) async throws {
        let image = try ManifestImage(
            manifest, verb: verb, store: ImageStore(at: home.appending("store")),
            isHere: target.traits.runsStoredImages)
        let login = try await login(for: image.reference)
        let checked = try await image.check(
            registry(login, for: image.reference), isDry: options.dryRun || target.traits.runsStoredImages)
        try requireSame(checked.digest, as: image.reference)
        try checkProgram(checked.program)
        let offer = try await target.offer(for: manifest.resources)
        let key = try StatusKey(home: home)
        let reference = target.traits.takesDigests ? image.reference.pinned(to: checked.digest) : image.reference
        let plan = try DeploymentPlan(
            manifest, run: run, name: name, verb: verb, image: reference, digest: checked.digest, on: target,
            offer: offer,
            login: login, settings: settings, key: key)
        try requireSameBucket(plan)
        try Deployer.check(plan, budgetUSD: manifest.budgetUSD, paidUSD: paidUSD)
        showOffer(plan)
        if let program = checked.program { try await InputCheck(plan, settings).check(program) }
        if options.dryRun { return try show(plan) }
        try await proveBucket(plan)
        try confirm(plan)
        try await check()
        let deployer = Deployer(target, ledger: RunLedger(home: home)) { StandardError.print($0) }
        let record = try await deployer.start(plan)
        print(run)
        if options.detach { return }
        try await showLinks(try await deployer.follow(record), key)
    }

    /// Returns the login that the provider pulls with: the manifest's, else the one that `push` uses.
    private func login(for image: Reference) async throws -> RunManifest.RegistryLogin? {
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

    /// Returns a client that pulls as the provider will: with this login, or anonymously.
    private func registry(_ login: RunManifest.RegistryLogin?, for image: Reference) throws -> RegistryClient {
        var credentials = RegistryCredentials.none
        if let login {
            credentials.add(
                .password(user: login.username, login.password, from: "registry_login"), for: image.registry)
        }
        return try options.connection.client(credentials)
    }

    /// Throws where a tag now names another image than the one that the run began with.
    private func requireSame(_ found: Digest?, as reference: Reference) throws {
        guard let digest, let found, found.description != digest else { return }
        throw DeploymentError(
            .unsuitable, action,
            "\(reference) is now \(found), and the run had \(digest); to go on with the new one type: "
                + "--set image=\(reference)")
    }

    /// Throws where the machine would use another bucket: the run continues from what is in its own.
    private func requireSameBucket(_ plan: DeploymentPlan) throws {
        guard let bucket, plan.bucket != bucket else { return }
        func name(_ place: RunRecord.Bucket?) -> String {
            place.map { "\($0.name)\($0.prefix.map { "/\($0)" } ?? "") at \($0.endpoint)" } ?? "none"
        }
        throw DeploymentError(
            .unsuitable, action, "its bucket is \(name(bucket)), and the machine would have \(name(plan.bucket))")
    }

    private func showOffer(_ plan: DeploymentPlan) {
        StandardError.print(
            """
            host     \(target.host)
            machine  \(plan.offer.title)
            time     \(time(plan.offer))
            price    \(price(of: plan.offer))
            image    \(plan.launch.image)
            """)
        if let name { StandardError.print("run      \(run), on its machine \(name)") }
        if paidUSD > 0 { StandardError.print("before   \(Deployer.dollars(paidUSD)) for the run's earlier machines") }
        if plan.bucket == nil { StandardError.print("bucket   none: what the run makes is lost when it ends") }
    }

    private func show(_ plan: DeploymentPlan) throws {
        guard let output = options.output else {
            return print(
                String(
                    decoding: target.request(plan.launch, on: plan.offer, revealing: false).prettyEncoded(),
                    as: UTF8.self), terminator: "")
        }
        let request = target.request(plan.launch, on: plan.offer, revealing: true).prettyEncoded()
        try FileSystem.rewrite(output.path, with: request, mode: 0o600, narrow: true)
        let command = target.command(sending: "\(output)").map { "; to send it:\n  \($0)" } ?? ""
        StandardError.print("\(output) holds the request with its secrets\(command)")
    }

    private func price(of offer: Offer) -> String {
        let whole = Deployer.dollars(offer.priceUSD)
        return offer.hourlyUSD == offer.priceUSD ? whole : "\(whole), \(Deployer.dollars(offer.hourlyUSD)) an hour"
    }

    private func time(_ offer: Offer) -> String {
        switch (target.traits.billing, offer.hours) {
        case (.upFront, let hours?): "\(hours) h, charged in advance and not refunded"
        case (.nothing, _): "free"
        case (_, let hours?): "at most \(hours) h"
        case (_, nil): "until it is destroyed"
        }
    }

    private func proveBucket(_ plan: DeploymentPlan) async throws {
        guard let place = plan.bucket else { return }
        let keys =
            StoreSchemes.isLocal(endpoint: place.endpoint)
            ? [] : [EnvironmentName.accessKeyID, EnvironmentName.secretAccessKey]
        for name in keys where plan.launch.secrets[name] == nil {
            throw DeploymentError(.unsuitable, action, "'secrets' of the manifest does not list \(name)")
        }
        try await RunBucket(place, run: run, settings: settings).prove()
    }

    private func confirm(_ plan: DeploymentPlan) throws {
        guard plan.offer.priceUSD > 0 else { return }
        let price = Deployer.dollars(plan.offer.priceUSD)
        if let refusal = Confirmation.refusal(of: "Pay \(price)", yes: options.yes) {
            throw DeploymentError(.refused, action, "it costs \(price), and \(refusal)")
        }
    }

    private func showLinks(_ record: RunRecord, _ key: StatusKey) async throws {
        guard let url = record.newest?.publicURL else { return StandardError.print("the run is over already") }
        StandardError.print("page     \(RunLink.page(url, key.token(of: record.run)))")
        StandardError.print("next     caasctl logs --follow \(record.run)")
    }
}
