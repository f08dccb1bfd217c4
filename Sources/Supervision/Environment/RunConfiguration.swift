package import RunContract

/// What the environment says about a run, read once and complete.
package struct RunConfiguration: Sendable {
    /// What runs.
    package let program: Program
    /// The image's digest, empty where nobody said it.
    package let image: String
    /// True where the model is served after training.
    package let keepsServing: Bool
    /// Seconds that uploads may go on failing once nothing else is to be done.
    package let drainSeconds: Int
    /// Bytes a second that transfers may take while stages run, nil where there is no limit.
    package let uploadBytesPerSecond: Int64?
    /// The variables of stages.
    package let stages: StageEnvironment

    /// Reads the environment; the first thing that is missing or wrong ends the run with 78.
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

    /// What trains is somebody else's code as a rule, and the keys open every run in the bucket.
    private static func refuseKeys(_ program: Program) throws(SupervisionError) {
        guard let name = program.passSecrets.first(where: EnvironmentName.keys.contains) else { return }
        throw SupervisionError(
            .configuration, "pass \(name) to the stages",
            "it is for the entrypoint alone; take it out of 'pass_secrets' and build the image again")
    }

    private static func refuseUnsupported(_ program: Program) throws(SupervisionError) {
        for stage in program.stages {
            let used: [(String, Bool)] = [
                ("background", stage.isBackground), ("retries", (stage.retries ?? 0) > 0),
                ("stall", stage.stall != nil),
                ("after", !stage.after.isEmpty),
            ]
            guard let name = used.first(where: \.1)?.0 else { continue }
            throw SupervisionError(.configuration, "run stage '\(stage.name)'", "'\(name)' is not supported yet")
        }
    }

    /// The port and address that PID 1 listens on; what is wrong with them is said before there is a page.
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
