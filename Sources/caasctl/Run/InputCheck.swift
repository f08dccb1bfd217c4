import Definitions
import Deployment
import POSIX
import RunContract

/// Checks before a machine is rented that a run has the variables and inputs that its container needs.
struct InputCheck {
    private let plan: DeploymentPlan
    private let settings: Settings

    init(_ plan: DeploymentPlan, _ settings: Settings) {
        self.plan = plan
        self.settings = settings
    }

    /// Throws where the deployment lacks a variable that the program requires, or where an input is not complete.
    func check(_ program: Program) async throws {
        let sent = plan.launch.environment
        let missing = program.requires.filter { name in
            let value = sent[name] ?? program.environment[name] ?? program.imageEnvironment[name]
            return plan.launch.secrets[name] == nil && value?.isEmpty ?? true
        }
        guard missing.isEmpty else {
            throw DeploymentError(
                .unsuitable, plan.action,
                "the program \(program.name) requires \(missing.joined(separator: ", ")); set it in 'environment'")
        }
        let inputs: [RunInput]
        do { inputs = try program.inputs { program.value(of: $0, sent: sent) } } catch {
            throw DeploymentError(.unsuitable, plan.action, "\(error)")
        }
        guard !inputs.isEmpty else { return }
        guard let place = plan.bucket else {
            throw DeploymentError(
                .unsuitable, plan.action, "it starts from other runs, and has no bucket to find them in")
        }
        for input in inputs {
            let bucket = try RunBucket(place, run: input.run, settings: settings)
            let (record, files) = try await bucket.files(of: input)
            let size = files.reduce(0) { $0 + $1.size }
            StandardError.print("input    \(input), attempt \(record.attempt): \(files.count) files, \(size) bytes")
        }
    }
}
