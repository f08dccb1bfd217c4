import JSON
import Timestamps

/// The forms of a deployment in io.net's API.
extension DeploymentRecord {
    /// A row of the list of deployments.
    func row(_ catalogue: HardwareCatalogue) -> JSONValue {
        let hardware = catalogue.hardware(.integer(hardwareID))
        let (served, remaining) = minutes()
        return [
            "id": .string(id), "status": .string(status.rawValue), "name": .string(name),
            "completed_percent": .integer(completedPercent),
            "hardware_quantity": .integer(gpusPerContainer * containers.count),
            "brand_name": .string(hardware?.brand ?? ""), "hardware_name": .string(hardware?.name ?? ""),
            "served": .string("\(served)m"), "remaining": .string("\(remaining)m"),
            "compute_minutes_served": .integer(served), "compute_minutes_remaining": .integer(remaining),
            "created_at": .string(created.rfc3339),
        ]
    }

    /// All details, with the secrets' names but never their values.
    func details(_ catalogue: HardwareCatalogue) -> JSONValue {
        let hardware = catalogue.hardware(.integer(hardwareID))
        let locations = locationIDs.compactMap { catalogue.location(.integer($0)) }
        let (served, remaining) = minutes()
        return [
            "id": .string(id), "status": .string(status.rawValue), "created_at": .string(created.rfc3339),
            "started_at": .optional(started?.rfc3339), "finished_at": .optional(finished?.rfc3339),
            "amount_paid": .double(catalogue.priceUSD(gpusPerContainer * containers.count, durationHours)),
            "completed_percent": .integer(completedPercent),
            "total_gpus": .integer(gpusPerContainer * containers.count),
            "gpus_per_container": .integer(gpusPerContainer), "total_containers": .integer(containers.count),
            "hardware_name": .string(hardware?.name ?? ""), "hardware_id": .integer(hardwareID),
            "locations": .array(locations.map(\.json)), "brand_name": .string(hardware?.brand ?? ""),
            "compute_minutes_served": .integer(served), "compute_minutes_remaining": .integer(remaining),
            "container_config": [
                "entrypoint": entrypoint.map { .array($0.map(JSONValue.string)) } ?? .null,
                "env_variables": environment.isEmpty ? .null : .object(environment.mapValues(JSONValue.string)),
                "traffic_port": .integer(trafficPort), "image_url": .string(image),
                "secret_env_keys": .array(secretNames.map(JSONValue.string)),
            ],
        ]
    }

    /// Returns the form of one container.
    func worker(_ container: ContainerRecord, _ catalogue: HardwareCatalogue) -> JSONValue {
        let hardware = catalogue.hardware(.integer(hardwareID))
        let events = container.events.map { event in
            ["time": .string(event.time.rfc3339), "message": .string(event.message)] as JSONValue
        }
        return [
            "device_id": .string(container.deviceID), "container_id": .string(container.id),
            "hardware": .string(hardware?.name ?? ""), "brand_name": .string(hardware?.brand ?? ""),
            "created_at": .string(container.created.rfc3339), "uptime_percent": container.port == nil ? 0 : 100,
            "gpus_per_container": .integer(gpusPerContainer), "status": .string(container.status),
            "container_events": events.isEmpty ? .null : .array(events),
            "public_url": .optional(container.publicURL),
        ]
    }

    /// The form of all containers.
    func workers(_ catalogue: HardwareCatalogue) -> JSONValue {
        ["total": .integer(containers.count), "workers": .array(containers.map { worker($0, catalogue) })]
    }

    private var completedPercent: Int {
        let (served, remaining) = minutes()
        if status == .completed { return 100 }
        return served + remaining > 0 ? served * 100 / (served + remaining) : 0
    }
}
