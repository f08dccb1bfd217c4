import JSON
import Timestamps

/// The JSON form of a deployment in the sandbox's files.
extension DeploymentRecord {
    init(json: JSONValue) throws {
        id = try json.text("id")
        name = try json.text("name")
        guard let status = Status(rawValue: try json.text("status")) else { throw JSONError("'status' is unknown") }
        self.status = status
        created = Timestamp(seconds: try json.whole("created"))
        started = try json.optionalWhole("started").map { Timestamp(seconds: $0) }
        finished = try json.optionalWhole("finished").map { Timestamp(seconds: $0) }
        durationHours = try json.whole("duration_hours")
        gpusPerContainer = try json.whole("gpus_per_container")
        hardwareID = try json.whole("hardware_id")
        locationIDs = try json.list("location_ids").compactMap(\.integer)
        trafficPort = try json.whole("traffic_port")
        entrypoint = try json["entrypoint"].flatMap { (value) throws(JSONError) -> [String]? in
            value.isNull ? nil : try json.texts("entrypoint")
        }
        environment = try json.textMap("environment")
        secretNames = try json.texts("secret_names")
        image = try json.text("image")
        var containers: [ContainerRecord] = []
        for container in try json.list("containers") { containers.append(try ContainerRecord(json: container)) }
        self.containers = containers
    }

    var json: JSONValue {
        [
            "id": .string(id), "name": .string(name), "status": .string(status.rawValue),
            "created": .integer(created.seconds), "started": started.map { .integer($0.seconds) } ?? .null,
            "finished": finished.map { .integer($0.seconds) } ?? .null, "duration_hours": .integer(durationHours),
            "gpus_per_container": .integer(gpusPerContainer), "hardware_id": .integer(hardwareID),
            "location_ids": .array(locationIDs.map { .integer($0) }), "traffic_port": .integer(trafficPort),
            "entrypoint": entrypoint.map { .array($0.map(JSONValue.string)) } ?? .null,
            "environment": .object(environment.mapValues(JSONValue.string)),
            "secret_names": .array(secretNames.map(JSONValue.string)), "image": .string(image),
            "containers": .array(containers.map(\.json)),
        ]
    }
}
