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
}
