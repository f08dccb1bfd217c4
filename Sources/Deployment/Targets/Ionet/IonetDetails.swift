import JSON
import RunContract

/// The request of a deployment, as the API returns it to every holder of the key; of secrets it returns only the names.
struct IonetDetails: Sendable {
    let image: String
    let port: Int
    let gpus: Int
    let hardwareID: JSONValue
    /// The hardware's display name.
    let hardware: String?
    /// The price in US dollars.
    let paidUSD: Double?
    /// The paid hours, both served and remaining.
    let hours: Int?
    let environment: [String: String]
    let secretNames: [String]

    /// Returns nil where the answer lacks the image or the hardware.
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

    /// Returns a request for the same run; it leaves the location open.
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
        // The price question shows a hardware name instead of an id.
        if let hardware { manifest["resources"]?["gpu"] = .string(hardware.replacing("${", with: "$${")) }
        return KeptRequest(manifest: manifest, digest: environment[EnvironmentName.imageDigest])
    }
}

extension IonetClient {
    /// Returns the request of a deployment, nil where the API does not have the deployment or the answer is incomplete.
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
