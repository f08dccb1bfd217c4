import JSON
import POSIX
import Timestamps

/// A deployment as the sandbox stores it, without the values of its secrets.
package struct DeploymentRecord: Sendable {
    /// The status of a deployment, in io.net's terms: <https://io.net/docs/reference/caas/>.
    package enum Status: String, Sendable, CaseIterable {
        case running
        case completed
        case failed
        case deploymentRequested = "deployment requested"
        case terminationRequested = "termination requested"
        case destroyed

        /// True for a status that never changes again.
        package var isFinal: Bool { [.completed, .failed, .destroyed].contains(self) }
    }

    /// The id, a UUID.
    package let id: String
    /// The name that the user chose.
    package let name: String
    package internal(set) var status = Status.deploymentRequested
    let created: Timestamp
    var started: Timestamp?
    var finished: Timestamp?
    let durationHours: Int
    let gpusPerContainer: Int
    let hardwareID: Int
    let locationIDs: [Int]
    let trafficPort: Int
    let entrypoint: [String]?
    let environment: [String: String]
    let secretNames: [String]
    let image: String
    package internal(set) var containers: [ContainerRecord]

    /// Creates the record of a new request.
    init(_ request: DeployRequest, now: Timestamp = .now()) {
        id = UUIDText.random()
        name = request.name
        created = now
        durationHours = request.durationHours
        gpusPerContainer = request.gpusPerContainer
        hardwareID = request.hardware.id
        locationIDs = request.locations.map(\.id)
        trafficPort = request.trafficPort
        entrypoint = request.entrypoint
        environment = request.environment
        secretNames = request.secrets.keys.sorted()
        image = request.image
        containers = (0..<request.replicas).map { _ in ContainerRecord(created: now) }
    }

    /// Returns the minutes of the paid time that have passed and that remain.
    func minutes(now: Timestamp = .now()) -> (served: Int, remaining: Int) {
        let total = durationHours.multipliedReportingOverflow(by: 60).partialValue
        guard let started else { return (0, total) }
        let served = min(total, max(0, ((finished ?? now).seconds - started.seconds) / 60))
        return (served, total - served)
    }
}
