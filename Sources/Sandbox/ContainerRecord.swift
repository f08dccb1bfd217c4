import JSON
import POSIX
import Timestamps

/// One container of a deployment.
package struct ContainerRecord: Sendable {
    /// What a container's user is told of it.
    struct Event: Sendable {
        let time: Timestamp
        let message: String
    }

    /// Its name, in the API as in the runtime.
    package let id: String
    let deviceID: String
    let created: Timestamp
    /// `pending`, `running`, `completed`, `failed` or `destroyed`.
    package internal(set) var status = "pending"
    var events: [Event] = []
    /// What the container listens on.
    var port: Int?
    /// Where its server answered.
    package internal(set) var publicURL: String?
    /// Who waits for its end.
    var runner: ProcessIdentity?

    var isFinal: Bool { ["completed", "failed", "destroyed"].contains(status) }

    init(created: Timestamp) {
        id = "caas-" + UUIDText.random().replacing("-", with: "").prefix(16)
        deviceID = UUIDText.random()
        self.created = created
    }

    mutating func add(event message: String) {
        events.append(Event(time: .now(), message: message))
        // A health check that fails for days must not fill the memory.
        if events.count > 200 { events.removeSubrange(10..<20) }
    }
}

extension ContainerRecord {
    init(json: JSONValue) throws(JSONError) {
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
