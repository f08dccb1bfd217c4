import JSON
import POSIX
import Timestamps

/// A container of a deployment, as the sandbox stores it.
package struct ContainerRecord: Sendable {
    /// An event that the API reports of a container.
    struct Event: Sendable {
        let time: Timestamp
        let message: String
    }

    /// The container's name in the API and in runc.
    package let id: String
    let deviceID: String
    let created: Timestamp
    /// `pending`, `running`, `completed`, `failed` or `destroyed`.
    package internal(set) var status = "pending"
    var events: [Event] = []
    /// The port that the container listens on.
    var port: Int?
    /// The URL at which the container's server answered.
    package internal(set) var publicURL: String?
    /// The process that waits for the container to exit.
    var runner: ProcessIdentity?

    var isFinal: Bool { ["completed", "failed", "destroyed"].contains(status) }

    init(created: Timestamp) {
        id = "caas-" + UUIDText.random().replacing("-", with: "").prefix(16)
        deviceID = UUIDText.random()
        self.created = created
    }

    mutating func add(event message: String) {
        events.append(Event(time: .now(), message: message))
        // Limits the memory that events take: a health check may fail for days.
        if events.count > 200 { events.removeSubrange(10..<20) }
    }
}

extension ContainerRecord {
    init(json: JSONValue) throws {
        id = try json.text("id")
        deviceID = try json.text("device_id")
        created = Timestamp(seconds: try json.whole("created"))
        status = try json.text("status")
        for event in try json.list("events") {
            events.append(Event(time: Timestamp(seconds: try event.whole("time")), message: try event.text("message")))
        }
        port = try json.optionalWhole("port")
        publicURL = try json.optionalText("public_url")
        if let pid = try json.optionalWhole("pid").flatMap({ Int32(exactly: $0) }),
            let started = try json.optionalText("pid_started").flatMap({ UInt64($0) })
        {
            runner = ProcessIdentity(pid: pid, started: started)
        }
    }

    var json: JSONValue {
        [
            "id": .string(id), "device_id": .string(deviceID), "created": .integer(created.seconds),
            "status": .string(status),
            "events": .array(events.map { ["time": .integer($0.time.seconds), "message": .string($0.message)] }),
            "port": port.map { .integer($0) } ?? .null, "public_url": .optional(publicURL),
            "pid": runner.map { .integer($0.pid) } ?? .null,
            "pid_started": .optional(runner.map { String($0.started) }),
        ]
    }
}
