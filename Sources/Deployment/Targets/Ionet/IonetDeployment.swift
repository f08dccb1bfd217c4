package import JSON
package import Timestamps

/// A status of the API, compared without regard to case, `_` or `-`; unknown statuses are kept as they are.
///
/// The words are those of the vendor's own client: <https://pypi.org/project/ionet-cloud/>.
package struct IonetStatus: Sendable, Hashable, CustomStringConvertible {
    /// The text as the API sent it.
    package let description: String

    init(_ text: String) { description = text }

    private var word: String { String(description.lowercased().map { "_-".contains($0) ? " " : $0 }) }

    /// True in a final state.
    package var isOver: Bool { ["completed", "failed", "destroyed", "terminated"].contains(word) }
    package var isRunning: Bool { ["running", "ready", "healthy"].contains(word) }
    /// True where the container ended by itself with success.
    package var isCompleted: Bool { word == "completed" }
    /// True where the machine was ended, or its end was requested.
    package var isGone: Bool { ["destroyed", "terminated", "termination requested"].contains(word) }
    package var isFailed: Bool { word == "failed" }
}

/// A deployment, as the API describes it.
package struct IonetDeployment: Sendable, Hashable {
    /// The id, which is sent back exactly as it was received.
    package let id: JSONValue
    /// The private name from the request, nil where this answer does not contain it.
    package let name: String?
    package let status: IonetStatus
    /// When the deployment started to run.
    package let started: Timestamp?
    /// The paid minutes that are left.
    package let minutesRemaining: Int?
    /// The price in US dollars.
    package let paidUSD: Double?
    /// When the deployment was requested.
    package let created: Timestamp?
    /// The hardware's display name; empty where this answer does not contain it.
    package let hardware: String
    /// The number of GPUs of the container, nil where this answer does not contain it.
    package let gpus: Int?

    init?(json: JSONValue) {
        guard let id = json.identifier("id", "deployment_id", "cluster_id") else { return nil }
        self.id = id
        name = json.word("name") ?? json.word("resource_private_name")
        status = IonetStatus(json.word("status") ?? "unknown")
        started = json.word("started_at").flatMap(Timestamp.init(rfc3339:))
        minutesRemaining = json.count("compute_minutes_remaining")
        paidUSD = json.amount("amount_paid")
        created = json.word("created_at").flatMap(Timestamp.init(rfc3339:))
        hardware = json.word("hardware_name") ?? ""
        gpus = json.count("gpus_per_container") ?? json.count("hardware_quantity")
    }
}

/// A container, as the API describes it.
package struct IonetContainer: Sendable, Hashable {
    /// An event in the container's life, such as a failed pull.
    package struct Event: Sendable, Hashable {
        /// The time, nil where the API's text is not an RFC 3339 time.
        package let time: Timestamp?
        package let message: String
    }

    /// The id, which is sent back exactly as it was received.
    package let id: JSONValue
    package let status: IonetStatus
    /// The URL at which its port is reachable, nil until then.
    package let publicURL: String?
    /// The events, the oldest first.
    package let events: [Event]

    init?(json: JSONValue) {
        guard let id = json.identifier("container_id", "id") else { return nil }
        self.id = id
        status = IonetStatus(json.word("status") ?? "unknown")
        publicURL = json.word("public_url")
        events = (json["container_events"]?.array ?? []).compactMap { event in
            event.word("message").map { Event(time: event.word("time").flatMap(Timestamp.init(rfc3339:)), message: $0) }
        }
    }

    /// True where the container accepts requests.
    package var isReady: Bool { status.isRunning && publicURL != nil }
}
