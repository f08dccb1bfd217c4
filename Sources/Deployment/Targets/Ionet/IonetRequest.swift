package import JSON
package import Secrets

/// The body of `POST /deploy`. <https://io.net/docs/reference/caas/deploy-a-container>
package struct IonetRequest: Sendable, Hashable {
    /// The run's id, or the name of its later machine; unique among the user's deployments.
    package var name: String
    /// The rented time in whole hours, charged in advance.
    package var hours: Int
    /// The number of GPUs of the one container.
    package var gpus: Int
    /// The hardware's id, exactly as the API returned it.
    package var hardwareID: JSONValue
    /// The locations' ids, exactly as the API returned them.
    package var locationIDs: [JSONValue]
    /// The port that serves HTTP; the API's health check uses it.
    package var port: Int
    /// The whole command, because the API has been seen to drop `args`.
    package var entrypoint: [String]
    /// The variables, which the API returns to every holder of its key.
    package var environment: [String: String]
    /// The secret variables, of which the API returns only the names.
    package var secrets: [String: Secret]
    /// The image reference, with its tag.
    package var image: String
    /// The user for the registry, nil for an anonymous pull.
    package var registryUsername: String?
    package var registrySecret: Secret?

    /// Returns the request body; with `revealing` false every secret in it is `<redacted>`.
    package func json(revealing: Bool) -> JSONValue {
        func shown(_ secret: Secret) -> JSONValue { .string(revealing ? secret.unredacted : secret.description) }
        var registry: JSONValue = ["image_url": .string(image)]
        if let registryUsername, let registrySecret {
            registry["registry_username"] = .string(registryUsername)
            registry["registry_secret"] = shown(registrySecret)
        }
        return [
            "resource_private_name": .string(name), "duration_hours": .integer(hours),
            "gpus_per_container": .integer(gpus), "hardware_id": hardwareID, "location_ids": .array(locationIDs),
            "container_config": [
                "replica_count": 1, "traffic_port": .integer(port),
                "entrypoint": .array(entrypoint.map(JSONValue.string)),
                "env_variables": .object(environment.mapValues(JSONValue.string)),
                "secret_env_variables": .object(secrets.mapValues(shown)),
            ],
            "registry_config": registry,
        ]
    }
}
