package import JSON
package import Secrets

/// The body of `POST /deploy`. <https://io.net/docs/reference/caas/deploy-a-container>
package struct IonetRequest: Sendable, Hashable {
    /// Unique among the user's deployments: the run's id.
    package var name: String
    /// Whole hours, charged in advance.
    package var hours: Int
    /// GPUs of the one container.
    package var gpus: Int
    /// As the API gave it.
    package var hardwareID: JSONValue
    /// As the API gave them.
    package var locationIDs: [JSONValue]
    /// The port that serves HTTP, which the API checks.
    package var port: Int
    /// The whole command: the API has been seen to drop `args`.
    package var entrypoint: [String]
    /// Shown again to whoever asks for the deployment.
    package var environment: [String: String]
    /// Never shown again but for their names.
    package var secrets: [String: Secret]
    /// The image with its tag.
    package var image: String
    /// Who logs in to the registry, nil for nobody.
    package var registryUsername: String?
    /// The registry's password or token.
    package var registrySecret: Secret?

    /// The document that is sent; with `revealing` false every secret in it is `<redacted>`.
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
