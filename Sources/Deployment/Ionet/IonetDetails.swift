import JSON
import RunContract

/// What a deployment was asked for, as the API tells it to whoever has the key; of secrets it tells the names.
struct IonetDetails: Sendable {
    let image: String
    let port: Int
    let gpus: Int
    let hardwareID: JSONValue
    /// For people.
    let hardware: String?
    /// US dollars.
    let paidUSD: Double?
    /// Hours that were paid for, served or not.
    let hours: Int?
    let environment: [String: String]
    let secretNames: [String]

    /// Nil where the answer leaves open what ran.
    init?(json: JSONValue) {
        guard let config = json["container_config"], let image = config.word("image_url"),
            let hardwareID = json.identifier("hardware_id")
        else { return nil }
        self.image = image
        self.hardwareID = hardwareID
        hardware = json.word("hardware_name")
        paidUSD = json.amount("amount_paid")
        port = config.count("traffic_port") ?? 8000
        gpus = json.count("gpus_per_container") ?? 1
        environment = (config["env_variables"]?.object ?? [:]).compactMapValues(\.string)
        secretNames = (config["secret_env_keys"]?.array ?? []).compactMap(\.string)
        if let served = json.count("compute_minutes_served"), let left = json.count("compute_minutes_remaining") {
            hours = max(1, (served + left + 30) / 60)
        } else {
            hours = nil
        }
    }

    /// What it takes to ask for it again; where in the world it ran is left open.
    func request(of run: RunID) -> KeptRequest {
        let secrets = secretNames.filter { $0 != EnvironmentName.statusToken }
        var manifest: JSONValue = [
            "name": .string(run.description), "target": "ionet", "image": .string(image),
            "resources": ["hardware_id": hardwareID, "gpus": .integer(gpus), "hours": .integer(hours ?? 1)],
            "port": .integer(port),
            "environment": .object(
                DeploymentPlan.keepable(environment).mapValues { .string($0.replacing("${", with: "$${")) }),
            "secrets": .array(secrets.map(JSONValue.string)),
        ]
        // Whoever is asked to pay reads a name.
        if let hardware { manifest["resources"]?["gpu"] = .string(hardware.replacing("${", with: "$${")) }
        return KeptRequest(manifest: manifest, digest: environment[EnvironmentName.imageDigest])
    }
}

extension IonetClient {
    /// What a deployment was asked for, nil where it is not known any more or not told.
    func details(of id: JSONValue) async throws(DeploymentError) -> IonetDetails? {
        do throws(DeploymentError) {
            return IonetDetails(
                json: try await get(path(id), to: "ask for deployment \(id.identifierText)").unwrapped)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }
}
