package import RunContract

/// The configuration of a run, read once from its environment and program.
package struct RunConfiguration: Sendable {
    package let program: Program
    /// The image's digest, empty if it is unknown.
    package let image: String
    /// True if the model is served after training.
    package let keepsServing: Bool
    /// Seconds for which uploads may keep failing after all other work is done.
    package let drainSeconds: Int
    /// Bytes per second that transfers may use while stages run, nil for no limit.
    package let uploadBytesPerSecond: Int64?
    /// The environment of stages.
    package let stages: StageEnvironment

    /// Reads the environment; throws the first missing or invalid value with exit code 78.
    package init(program: Program, inherited: InheritedEnvironment) throws(SupervisionError) {
        self.program = program
        try Self.refuseUnsupported(program)
        try Self.refuseKeys(program)
        stages = StageEnvironment(program: program, inherited: inherited)
        if let failure = SupervisionError(missing: stages.missing(in: inherited)) { throw failure }
        image = inherited.value(EnvironmentName.imageDigest) ?? ""
        keepsServing = inherited.value(EnvironmentName.keepAlive)?.lowercased() == "true" && program.serve != nil
        drainSeconds = min(
            max(0, inherited.value(EnvironmentName.drainSeconds).flatMap { Int($0) } ?? 900), 1_000_000_000)
        if let text = inherited.value(EnvironmentName.uploadBytesPerSecond) {
            guard let limit = Int64(text), limit > 0 else {
                throw SupervisionError(
                    .configuration, "use \(EnvironmentName.uploadBytesPerSecond)=\(text)",
                    "it is no positive number of bytes")
            }
            uploadBytesPerSecond = limit
        } else {
            uploadBytesPerSecond = nil
        }
    }

    /// The training code is usually a third party's, and the keys give access to every run in the bucket.
    private static func refuseKeys(_ program: Program) throws(SupervisionError) {
        guard let name = program.passSecrets.first(where: EnvironmentName.keys.contains) else { return }
        throw SupervisionError(
            .configuration, "pass \(name) to the stages",
            "it is for the entrypoint alone; take it out of 'pass_secrets' and build the image again")
    }

    private static func refuseUnsupported(_ program: Program) throws(SupervisionError) {
        for stage in program.stages {
            let used: [(String, Bool)] = [
                ("background", stage.isBackground), ("after", !stage.after.isEmpty),
            ]
            guard let name = used.first(where: \.1)?.0 else { continue }
            throw SupervisionError(.configuration, "run stage '\(stage.name)'", "'\(name)' is not supported yet")
        }
    }

    /// Returns the address and port on which PID 1 listens; an error is logged before there is a page.
    package static func listening(
        _ inherited: InheritedEnvironment
    ) throws(SupervisionError) -> (address: String?, port: Int) {
        let text = inherited.value(EnvironmentName.port) ?? "8000"
        guard let port = Int(text), (1...65535).contains(port) else {
            throw SupervisionError(.configuration, "listen on PORT=\(text)", "it is no port")
        }
        return (inherited.value(EnvironmentName.bindAddress), port)
    }
}
