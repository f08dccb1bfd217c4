import JSON
import POSIX
import Timestamps

/// A deployment as the sandbox remembers it, without its secrets' values.
package struct DeploymentRecord: Sendable {
    /// What becomes of a deployment, in io.net's words: <https://io.net/docs/reference/caas/>.
    package enum Status: String, Sendable, CaseIterable {
        case running
        case completed
        case failed
        case deploymentRequested = "deployment requested"
        case terminationRequested = "termination requested"
        case destroyed

        /// True where nothing more happens.
        package var isFinal: Bool { [.completed, .failed, .destroyed].contains(self) }
    }

    /// A UUID.
    package let id: String
    /// The user's own name for it.
    package let name: String
    /// What has become of it.
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
    /// What runs of it.
    package internal(set) var containers: [ContainerRecord]

    var hardware: HardwareCatalogue.Hardware? { HardwareCatalogue.hardware(.integer(hardwareID)) }
    var locations: [HardwareCatalogue.Location] {
        locationIDs.compactMap { HardwareCatalogue.location(.integer($0)) }
    }

    /// A new deployment as it was asked for.
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

    /// Minutes of the paid time that have passed, and those that are left.
    func minutes(now: Timestamp = .now()) -> (served: Int, remaining: Int) {
        let total = durationHours.multipliedReportingOverflow(by: 60).partialValue
        guard let started else { return (0, total) }
        let served = min(total, max(0, ((finished ?? now).seconds - started.seconds) / 60))
        return (served, total - served)
    }
}
