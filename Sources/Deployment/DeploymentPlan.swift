package import Definitions
package import OCI
import ObjectStorage
package import RunContract
import Secrets
import Timestamps

/// Everything about a run that is decided before anything is asked for.
package struct DeploymentPlan: Sendable {
    /// The run's id.
    package let run: RunID
    /// What is done with it, for errors: `deploy demo-20260102-030405-00ff`.
    package let action: String
    /// What is sent.
    package let request: IonetRequest
    /// The machine and its price.
    package let offer: IonetOffer
    /// Where the run uploads to, nil where nobody said.
    package let bucket: RunRecord.Bucket?
    /// What it takes to ask for the same again.
    let kept: KeptRequest

    /// Puts together what a manifest, the settings and the provider's offer say.
    ///
    /// `image` is what the provider pulls, `digest` what it is then, where that is known; `name` is the machine's, where
    /// the run had others before.
    package init(
        _ manifest: RunManifest, run: RunID, name: MachineName? = nil, verb: String = "deploy", image: Reference,
        digest: Digest?, offer: IonetOffer, login: RunManifest.RegistryLogin?, settings: Settings, key: StatusKey
    ) throws(DeploymentError) {
        let action = "\(verb) \(run)"
        self.run = run
        self.action = action
        self.offer = offer
        let secrets = Self.secrets(of: manifest, run: run, settings: settings, key: key)
        let environment = Self.environment(
            of: manifest, run: run, digest: digest, secrets: secrets.keys.sorted(), settings: settings)
        try Self.refuseSecrets(in: environment, secrets: secrets, to: action)
        guard environment[EnvironmentName.endpoint].map({ StoreLocation.isFolder(endpoint: $0) }) != true else {
            throw DeploymentError(
                .unsuitable, action,
                "\(EnvironmentName.endpoint) is a folder, which io.net's machines do not have; name a bucket's service")
        }
        request = IonetRequest(
            name: (name ?? MachineName(run: run, number: 1)).description, hours: manifest.resources.hours,
            gpus: manifest.resources.gpus,
            hardwareID: offer.hardwareID, locationIDs: offer.locationIDs, port: manifest.port,
            entrypoint: ["/.caas/caas-entrypoint"], environment: environment, secrets: secrets,
            image: image.description, registryUsername: login?.username, registrySecret: login?.password)
        bucket = environment[EnvironmentName.endpoint].flatMap { endpoint in
            environment[EnvironmentName.bucket].map { name in
                RunRecord.Bucket(endpoint: endpoint, name: name, prefix: environment[EnvironmentName.prefix])
            }
        }
        kept = KeptRequest(
            manifest: manifest.kept(image: image.description, environment: Self.keepable(environment)),
            digest: digest?.description)
    }

    /// The variables of a container without those that caasctl sets for each machine anew.
    static func keepable(_ environment: [String: String]) -> [String: String] {
        let own = [
            EnvironmentName.runID, EnvironmentName.port, EnvironmentName.keepAlive, EnvironmentName.secrets,
            EnvironmentName.statusToken, EnvironmentName.imageDigest,
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
        of manifest: RunManifest, run: RunID, digest: Digest?, secrets: [String], settings: Settings
    ) -> [String: String] {
        var environment: [String: String] = [:]
        // Where the bucket is may stand in the settings alone, as the key to it does.
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
        // All hours are paid for in advance: a failed container that stays tells more than one that is gone.
        if environment[EnvironmentName.onFailure] == nil { environment[EnvironmentName.onFailure] = "hold" }
        if let digest { environment[EnvironmentName.imageDigest] = digest.description }
        return environment
    }

    /// A secret must not come in by another name: the provider shows these variables to whoever asks.
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

    /// What the ledger keeps of the machine.
    func machine(at moment: Timestamp, api: String) -> MachineRecord {
        MachineRecord(
            name: request.name, created: moment.rfc3339, api: api, image: request.image, hardware: offer.hardware,
            gpus: request.gpus, hours: request.hours, priceUSD: offer.priceUSD, port: request.port)
    }
}
