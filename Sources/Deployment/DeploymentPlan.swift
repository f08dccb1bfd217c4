package import Definitions
package import OCI
import ObjectStorage
package import RunContract
import Secrets
import Timestamps

/// All decisions about a deployment that are made before anything is requested from the provider.
package struct DeploymentPlan: Sendable {
    package let run: RunID
    /// The action for errors, such as `deploy demo-20260102-030405-00ff`.
    package let action: String
    package let launch: Launch
    package let offer: Offer
    /// The bucket that the run uploads to, nil where no setting names one.
    package let bucket: RunRecord.Bucket?
    /// The data with which the run can be requested again.
    let kept: KeptRequest

    /// Combines the manifest, the settings and the target's offer.
    ///
    /// `image` is the reference that the provider pulls, `digest` the image's digest where it is known. `name` is the
    /// machine's name, nil for the run's first machine.
    package init(
        _ manifest: RunManifest, run: RunID, name: MachineName? = nil, verb: String = "deploy", image: Reference,
        digest: Digest?, on target: any Target, offer: Offer, login: RunManifest.RegistryLogin?, settings: Settings,
        key: StatusKey
    ) throws(DeploymentError) {
        let action = "\(verb) \(run)"
        self.run = run
        self.action = action
        self.offer = offer
        let secrets = Self.secrets(of: manifest, run: run, settings: settings, key: key)
        let environment = Self.environment(
            of: manifest, run: run, digest: digest, secrets: secrets.keys.sorted(), settings: settings,
            traits: target.traits, offer: offer)
        try Self.refuseSecrets(in: environment, secrets: secrets, to: action)
        let isLocal = environment[EnvironmentName.endpoint].map { StoreSchemes.isLocal(endpoint: $0) } ?? false
        guard !isLocal || target.traits.mountsFolders else {
            throw DeploymentError(
                .unsuitable, action,
                "\(EnvironmentName.endpoint) is a folder, which \(target.title)'s machines do not have; name a bucket's "
                    + "service")
        }
        launch = Launch(
            name: (name ?? MachineName(run: run, number: 1)).description, image: image.description,
            command: [ReservedPaths.Image.entrypoint], environment: environment, secrets: secrets, login: login,
            port: manifest.port)
        bucket = environment[EnvironmentName.endpoint].flatMap { endpoint in
            environment[EnvironmentName.bucket].map { name in
                RunRecord.Bucket(endpoint: endpoint, name: name, prefix: environment[EnvironmentName.prefix])
            }
        }
        kept = KeptRequest(
            manifest: manifest.kept(image: image.description, environment: Self.keepable(environment)),
            digest: digest?.description)
    }

    /// Returns a container's variables without secrets and without those that caasctl sets anew for each machine.
    static func keepable(_ environment: [String: String]) -> [String: String] {
        let own = [
            EnvironmentName.runID, EnvironmentName.port, EnvironmentName.keepAlive, EnvironmentName.secrets,
            EnvironmentName.statusToken, EnvironmentName.imageDigest, EnvironmentName.priceUSDPerHour,
        ]
        return environment.filter { !own.contains($0.key) && !EnvironmentName.looksSecret($0.key) }
    }

    private static func secrets(
        of manifest: RunManifest, run: RunID, settings: Settings, key: StatusKey
    ) -> [String: Secret] {
        var secrets: [String: Secret] = [:]
        for name in manifest.secrets + manifest.optionalSecrets { secrets[name] = settings.secret(name) }
        secrets[EnvironmentName.statusToken] = key.token(of: run)
        return secrets
    }

    private static func environment(
        of manifest: RunManifest, run: RunID, digest: Digest?, secrets: [String], settings: Settings,
        traits: TargetTraits, offer: Offer
    ) -> [String: String] {
        var environment: [String: String] = [:]
        // The bucket's location may be only in the settings, like its key.
        let names = [
            EnvironmentName.endpoint, EnvironmentName.bucket, EnvironmentName.prefix, EnvironmentName.region,
            EnvironmentName.addressing,
        ]
        for name in names { environment[name] = settings.text(name) }
        environment.merge(manifest.environment) { _, stated in stated }
        environment[EnvironmentName.runID] = run.description
        environment[EnvironmentName.port] = String(manifest.port)
        environment[EnvironmentName.keepAlive] = manifest.keepAlive ? "true" : "false"
        environment[EnvironmentName.secrets] = secrets.joined(separator: ",")
        // Where all hours are paid in advance, a failed container that keeps running costs nothing and can be examined.
        if traits.billing == .upFront, environment[EnvironmentName.onFailure] == nil {
            environment[EnvironmentName.onFailure] = "hold"
        }
        if let digest { environment[EnvironmentName.imageDigest] = digest.description }
        if offer.hourlyUSD > 0 {
            environment[EnvironmentName.priceUSDPerHour] = String((offer.hourlyUSD * 10_000).rounded() / 10_000)
        }
        return environment
    }

    /// Throws if a variable contains a secret's value.
    ///
    /// The provider returns these variables to every holder of the API key.
    private static func refuseSecrets(
        in environment: [String: String], secrets: [String: Secret], to action: String
    ) throws(DeploymentError) {
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            for (secret, hidden) in secrets where hidden.unredacted.utf8.count >= 8 {
                guard !value.contains(hidden.unredacted) else {
                    throw DeploymentError(
                        .unsuitable, "\(action) with \(name)",
                        "its value holds the secret \(secret); what stands in 'environment' is shown to everybody")
                }
            }
        }
    }

    /// Returns the machine's record for the ledger.
    func machine(at moment: Timestamp, on target: any Target) -> MachineRecord {
        MachineRecord(
            name: launch.name, created: moment.rfc3339, target: target.name, api: target.address, image: launch.image,
            hardware: offer.hardware, gpus: offer.gpus, hours: offer.hours, priceUSD: offer.priceUSD, port: launch.port)
    }
}
