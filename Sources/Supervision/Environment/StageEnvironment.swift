import ByteText
package import RunContract
import Secrets

/// The variables of a stage, from the image, the program, the stage and the deployment; later ones win.
///
/// A stage never gets the bucket's keys, the page's token, secrets that `pass_secrets` does not name, or variables that
/// configure PID 1 alone.
package struct StageEnvironment: Sendable {
    private let program: Program
    private let image: [String: String]
    private let sent: [String: String]
    private let passedSecrets: [String: String]
    /// RUN_ID, ATTEMPT, DATA, GPU_COUNT and RANKS once they are known.
    package var provided: [String: String] = [:]

    /// The variables that only PID 1 reads; a stage that saw PORT would take that port.
    private static let ownNames: Set<String> = [
        EnvironmentName.port, EnvironmentName.bindAddress, EnvironmentName.statusToken,
        EnvironmentName.graceSeconds, EnvironmentName.onFailure, EnvironmentName.drainSeconds,
    ]

    /// Combines a program with the environment with which the container was started.
    package init(program: Program, inherited: InheritedEnvironment) {
        self.program = program
        image = program.imageEnvironment.filter { Self.mayPass($0.key, program) }
        sent = inherited.variables.filter {
            program.imageEnvironment[$0.key] != $0.value && Self.mayPass($0.key, program)
        }
        var passed: [String: String] = [:]
        for name in program.passSecrets where !EnvironmentName.keys.contains(name) {
            passed[name] = inherited.secrets[name]?.unredacted
        }
        passedSecrets = passed
    }

    private static func mayPass(_ name: String, _ program: Program) -> Bool {
        if EnvironmentName.keys.contains(name) { return false }
        if program.passSecrets.contains(name) { return true }
        return !ownNames.contains(name) && !["R2_", "AWS_", "CAAS_"].contains { name.hasPrefix(bytes: $0) }
    }

    /// Returns the names in `requires` that are unset or empty.
    package func missing(in inherited: InheritedEnvironment) -> [String] {
        program.requires.filter { name in
            let value = sent[name] ?? program.environment[name] ?? image[name] ?? inherited.secrets[name]?.unredacted
            return value?.isEmpty ?? true
        }
    }

    /// Returns the variables for templates outside stages: image, program, deployment and ``provided``.
    package func programVariables() throws(SupervisionError) -> [String: String] {
        var variables = Self.defaults
        variables.merge(image) { _, new in new }
        variables.merge(try expand(program.environment, from: variables)) { _, new in new }
        variables.merge(sent) { _, new in new }
        variables.merge(provided) { _, new in new }
        return variables
    }

    /// Returns the variables for a stage's templates, without secrets: all processes can read arguments.
    package func variables(of stage: Program.Stage) throws(SupervisionError) -> [String: String] {
        let below = try programVariables()
        var variables = below
        for (name, value) in try expand(stage.environment, from: below) where sent[name] == nil {
            variables[name] = value
        }
        variables.merge(provided) { _, new in new }
        variables["STAGE"] = stage.name
        return variables
    }

    /// Returns the environment of a process: the variables, the passed secrets, and variables such as LD_PRELOAD.
    package func process(_ variables: [String: String]) -> [String: String] {
        variables.merging(program.childEnvironment) { now, _ in now }.merging(passedSecrets) { _, secret in secret }
    }

    /// Expands templates; ``provided`` and the variables that were sent override `below`, as in the result.
    private func expand(
        _ templates: [String: String], from below: [String: String]
    ) throws(SupervisionError) -> [String: String] {
        var expanded: [String: String] = [:]
        for (name, template) in templates {
            expanded[name] = try Self.expand(template) { provided[$0] ?? sent[$0] ?? below[$0] }
        }
        return expanded
    }

    /// Expands one template.
    static func expand(_ text: String, _ value: (String) -> String?) throws(SupervisionError) -> String {
        do { return try Template(text).expanded(value) } catch {
            throw SupervisionError(status: RunExit.configuration.rawValue, "\(error)")
        }
    }

    /// The variables that a container runtime would set; an image from scratch sets none.
    private static let defaults = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
    ]
}
