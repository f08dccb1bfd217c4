import Definitions
import Deployment
import Sandbox

extension Targets {
    /// The targets that caasctl knows; a new one is a line here.
    static let all = Targets([.ionet, .local])

    /// Opens the target that a manifest names, and has it check the manifest's resources.
    func open(_ manifest: RunManifest, _ settings: Settings) throws -> any Target {
        guard let kind = kind(named: manifest.target) else {
            throw manifest.unknownTarget(among: kinds.map(\.name))
        }
        let target = try kind.open(settings)
        try target.check(resources: manifest.resources)
        return target
    }

    /// Returns the kind of target that has a run's newest machine, the first of all where the run has none.
    func kind(of record: RunRecord) throws(DeploymentError) -> TargetKind {
        guard let name = record.newest?.target else { return kinds[0] }
        guard let kind = kind(named: name) else {
            throw DeploymentError(
                .local, "look for run \(record.run)", "its machine is at '\(name)', which this caasctl does not know")
        }
        return kind
    }

    /// Returns the kinds of all targets that have machines of a run which may cost money, that of the newest first.
    func kinds(of record: RunRecord) throws(DeploymentError) -> [TargetKind] {
        var found = [try kind(of: record)]
        for machine in record.billing.reversed() where !found.contains(where: { $0.name == machine.target }) {
            guard let kind = kind(named: machine.target) else {
                throw DeploymentError(
                    .local, "look for run \(record.run)",
                    "its machine \(machine.name) is at '\(machine.target)', which this caasctl does not know")
            }
            found.append(kind)
        }
        return found
    }
}
