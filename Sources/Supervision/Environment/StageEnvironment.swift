import ByteText
package import RunContract
import Secrets

/// Which variables a stage sees: the image's, the program's, the stage's and what the deployment sent, in this order.
///
/// The keys to the bucket, the page's token, every secret that `pass_secrets` does not name, and what is said to PID 1
/// alone are in none.
package struct StageEnvironment: Sendable {
    private let program: Program
    private let image: [String: String]
    private let sent: [String: String]
    private let passedSecrets: [String: String]
    /// RUN_ID, ATTEMPT, DATA, GPU_COUNT and RANKS once they are known.
    package var provided: [String: String] = [:]

    /// What PID 1 reads for itself; a stage that saw PORT would take it.
    private static let ownNames: Set<String> = [
        EnvironmentName.port, EnvironmentName.bindAddress, EnvironmentName.statusToken,
        EnvironmentName.graceSeconds, EnvironmentName.onFailure, EnvironmentName.drainSeconds,
    ]

    /// The layers of a program under what a container was started with.
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

    /// Names in `requires` and `pass_secrets` that nobody set, and required ones that are empty.
    package func missing(in inherited: InheritedEnvironment) -> [String] {
        program.requires.filter { name in
            let value = sent[name] ?? program.environment[name] ?? image[name] ?? inherited.secrets[name]?.unredacted
            return value?.isEmpty ?? true
        }
    }

    /// What templates outside a stage may name: what is provided, the program's, the image's and what was sent.
    package func programVariables() throws(SupervisionError) -> [String: String] {
        var variables = Self.defaults
        variables.merge(image) { _, new in new }
        variables.merge(try expand(program.environment, from: variables)) { _, new in new }
        variables.merge(sent) { _, new in new }
        variables.merge(provided) { _, new in new }
        return variables
    }

    /// What a stage's templates may name: never a secret, since arguments are shown to everybody.
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

    /// What the process itself gets: the variables, the secrets that are passed on, and LD_PRELOAD and its like.
    package func process(_ variables: [String: String]) -> [String: String] {
        variables.merging(program.childEnvironment) { now, _ in now }.merging(passedSecrets) { _, secret in secret }
    }

    /// Expands against everything that stands below, and against what was sent, which wins in the end too.
    private func expand(
        _ templates: [String: String], from below: [String: String]
    ) throws(SupervisionError) -> [String: String] {
        var expanded: [String: String] = [:]
        for (name, template) in templates {
            expanded[name] = try Self.expand(template) { provided[$0] ?? sent[$0] ?? below[$0] }
        }
        return expanded
    }

    /// One template.
    static func expand(_ text: String, _ value: (String) -> String?) throws(SupervisionError) -> String {
        do throws(ContractError) { return try Template(text).expanded(value) } catch {
            throw SupervisionError(status: ExitCode.configuration.rawValue, "\(error)")
        }
    }

    /// What a container runtime would set; an image from scratch says nothing.
    private static let defaults = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
    ]
}
