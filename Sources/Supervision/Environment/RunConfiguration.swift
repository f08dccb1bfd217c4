public import ObjectStorage
public import RunContract
import Secrets
public import SystemPackage

/// What the environment says about a run, read once and complete.
public struct RunConfiguration: Sendable {
    /// What runs.
    public let program: Program
    /// The run's name, nil where the deployment gave none.
    public let runID: RunID?
    /// Where everything is kept.
    public let location: StoreLocation
    /// The key to it; a folder needs none.
    public let credentials: StorageCredentials?
    /// A file of certificates to trust instead of those that the entrypoint brings.
    public let certificates: FilePath?
    /// The folder in the bucket that holds all runs.
    public let prefix: String?
    /// The image's digest, empty where nobody said it.
    public let image: String
    /// True where the model is served after training.
    public let keepsServing: Bool
    /// Seconds that uploads may go on failing once nothing else is to be done.
    public let drainSeconds: Int
    /// Bytes a second that transfers may take while stages run, nil where there is no limit.
    public let uploadBytesPerSecond: Int64?
    /// The variables of stages.
    public let stages: StageEnvironment

    /// Reads the environment; the first thing that is missing or wrong ends the run with 78.
    public init(program: Program, inherited: InheritedEnvironment) throws(SupervisionError) {
        self.program = program
        try Self.refuseUnsupported(program)
        try Self.refuseKeys(program)
        stages = StageEnvironment(program: program, inherited: inherited)
        let keys = [EnvironmentName.accessKeyID, EnvironmentName.secretAccessKey]
        var missing = [EnvironmentName.endpoint, EnvironmentName.bucket].filter { inherited.value($0) == nil }
        let isFolder = inherited.value(EnvironmentName.endpoint).map { StoreLocation.isFolder(endpoint: $0) } ?? false
        if !isFolder { missing += keys.filter { inherited.secret($0) == nil } }
        missing += stages.missing(in: inherited)
        guard missing.isEmpty else {
            let verb = missing.count == 1 ? "is" : "are"
            throw SupervisionError(
                .configuration, "start the run", "\(missing.joined(separator: ", ")) \(verb) not set")
        }
        credentials = Self.credentials(inherited)
        do throws(StorageError) {
            location = try StoreLocation(
                endpoint: inherited.value(EnvironmentName.endpoint) ?? "",
                bucket: inherited.value(EnvironmentName.bucket) ?? "", region: inherited.value(EnvironmentName.region),
                addressing: inherited.value(EnvironmentName.addressing))
        } catch { throw SupervisionError(status: ExitCode.configuration.rawValue, error.message) }
        do throws(ContractError) {
            runID = if let text = inherited.value(EnvironmentName.runID) { try RunID(text) } else { nil }
        } catch { throw SupervisionError(status: ExitCode.configuration.rawValue, "\(error)") }
        certificates = inherited.value(EnvironmentName.certificates).map { FilePath($0) }
        prefix = inherited.value(EnvironmentName.prefix)
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

    private static func credentials(_ inherited: InheritedEnvironment) -> StorageCredentials? {
        guard let keyID = inherited.secret(EnvironmentName.accessKeyID),
            let secret = inherited.secret(EnvironmentName.secretAccessKey)
        else { return nil }
        return StorageCredentials(
            accessKeyID: keyID.unredacted, secretAccessKey: secret,
            sessionToken: inherited.secret(EnvironmentName.sessionToken))
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
    public static func listening(
        _ inherited: InheritedEnvironment
    ) throws(SupervisionError) -> (address: String?, port: Int) {
        let text = inherited.value(EnvironmentName.port) ?? "8000"
        guard let port = Int(text), (1...65535).contains(port) else {
            throw SupervisionError(.configuration, "listen on PORT=\(text)", "it is no port")
        }
        return (inherited.value(EnvironmentName.bindAddress), port)
    }
}
