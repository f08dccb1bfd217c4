import JSON
import Secrets

/// The body of `POST /deploy`.
struct DeployRequest: Sendable {
    var name: String
    var durationHours: Int
    var gpusPerContainer: Int
    var hardware: HardwareCatalogue.Hardware
    var locations: [HardwareCatalogue.Location]
    var replicas: Int
    var trafficPort: Int
    /// Replaces the image's own entrypoint and command.
    var entrypoint: [String]?
    var environment: [String: String]
    var secrets: [String: Secret]
    var image: String
    var registryUsername: String?
    var registrySecret: Secret?
}

extension DeployRequest {
    /// Parses a body; throws with everything that is wrong with it.
    ///
    /// Checks `container_config.args` and drops it, as io.net's API does: the whole command must be in `entrypoint`.
    init(body: [UInt8], _ catalogue: HardwareCatalogue = .sandbox) throws(ValidationFailure) {
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: body) } catch {
            let issue = ValidationIssue(["body", 0], "JSON decode error", "json_invalid")
            throw ValidationFailure(issues: [issue])
        }
        var reader = BodyReader(catalogue)
        let top = reader.object(json, at: ["body"])
        let name = reader.text(top, "resource_private_name")
        let hours = reader.whole(top, "duration_hours", 1...Int.max)
        let gpus = reader.whole(top, "gpus_per_container", 1...Int.max)
        let hardware = reader.hardware(top)
        let locations = reader.locations(top)
        let container = reader.object(in: top, "container_config")
        let registry = reader.object(in: top, "registry_config")
        reader.refuseOthers(
            top,
            known: [
                "resource_private_name", "duration_hours", "gpus_per_container", "hardware_id", "location_ids",
                "container_config", "registry_config", "node_pool_id", "billing_model",
            ])
        let replicas = reader.whole(container, "replica_count", 1...HardwareCatalogue.replicas)
        let port = reader.whole(container, "traffic_port", 1...65535)
        let entrypoint = reader.texts(container, "entrypoint")
        _ = reader.texts(container, "args")
        _ = reader.optionalText(container, "command")
        let environment = reader.textMap(container, "env_variables")
        let secrets = reader.textMap(container, "secret_env_variables")
        reader.refuseOthers(
            container,
            known: [
                "replica_count", "traffic_port", "entrypoint", "args", "command", "env_variables",
                "secret_env_variables",
            ])
        let image = reader.text(registry, "image_url")
        let username = reader.optionalText(registry, "registry_username")
        let password = reader.optionalText(registry, "registry_secret")
        reader.refuseOthers(registry, known: ["image_url", "registry_username", "registry_secret"])
        if let hardware, gpus > hardware.maximumPerContainer {
            reader.add(["gpus_per_container"], "\(hardware.name) has at most \(hardware.maximumPerContainer)")
        }
        guard reader.issues.isEmpty, let hardware else { throw ValidationFailure(issues: reader.issues) }
        self.init(
            name: name, durationHours: hours, gpusPerContainer: gpus, hardware: hardware, locations: locations,
            replicas: replicas, trafficPort: port, entrypoint: entrypoint, environment: environment,
            secrets: secrets.mapValues { Secret($0) }, image: image, registryUsername: username,
            registrySecret: password.map { Secret($0) })
    }
}
