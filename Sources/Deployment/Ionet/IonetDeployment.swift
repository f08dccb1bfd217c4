package import JSON
package import Timestamps

/// A status of the API: compared without regard to case and to how words are joined, and kept where it is unknown.
///
/// The words are those of the vendor's own client: <https://pypi.org/project/ionet-cloud/>.
package struct IonetStatus: Sendable, Hashable, CustomStringConvertible {
    /// As it came.
    package let description: String

    init(_ text: String) { description = text }

    private var word: String { String(description.lowercased().map { "_-".contains($0) ? " " : $0 }) }

    /// True where nothing more will happen.
    package var isOver: Bool { ["completed", "failed", "destroyed", "terminated"].contains(word) }
    /// True where it runs.
    package var isRunning: Bool { ["running", "ready", "healthy"].contains(word) }
    /// True where the container ended by itself, and well.
    package var isCompleted: Bool { word == "completed" }
    /// True where the machine was given back, or is on its way.
    package var isGone: Bool { ["destroyed", "terminated", "termination requested"].contains(word) }
    /// True where it went wrong.
    package var isFailed: Bool { word == "failed" }
}

/// What the API tells of a deployment.
package struct IonetDeployment: Sendable, Hashable {
    /// Goes back as it came.
    package let id: JSONValue
    /// The private name that it was made with, nil where this answer does not say.
    package let name: String?
    /// What it does.
    package let status: IonetStatus
    /// When it began to run.
    package let started: Timestamp?
    /// Minutes that are paid for and left.
    package let minutesRemaining: Int?
    /// US dollars.
    package let paidUSD: Double?
    /// When it was asked for.
    package let created: Timestamp?
    /// For people, empty where this answer does not say it.
    package let hardware: String
    /// GPUs of the container, nil where this answer does not say it.
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

/// What the API tells of a container.
package struct IonetContainer: Sendable, Hashable {
    /// Something that happened to it, such as a pull that failed.
    package struct Event: Sendable, Hashable {
        /// When, nil where the text is no time.
        package let time: Timestamp?
        /// What.
        package let message: String
    }

    /// Goes back as it came.
    package let id: JSONValue
    /// What it does.
    package let status: IonetStatus
    /// Where its port can be reached, nil as long as it cannot.
    package let publicURL: String?
    /// The oldest first.
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

    /// True where requests can be sent to it.
    package var isReady: Bool { status.isRunning && publicURL != nil }
}
