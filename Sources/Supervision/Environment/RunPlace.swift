package import ObjectStorage
package import RunContract
import Secrets
package import SystemPackage

/// Where a run is kept: the first thing that is read, so that whatever is wrong with the rest can be told there.
package struct RunPlace: Sendable {
    /// The bucket, or the folder.
    package let location: StoreLocation
    /// The key to it; a folder needs none.
    package let credentials: StorageCredentials?
    /// A file of certificates to trust instead of those that the entrypoint brings.
    package let certificates: FilePath?
    /// The folder in the bucket that holds all runs.
    package let prefix: String?
    /// The run's name, nil where the deployment gave none.
    package let runID: RunID?

    /// Reads the environment; where something is missing or wrong, nothing can be told to the bucket, and the run ends with 78.
    package init(_ inherited: InheritedEnvironment) throws(SupervisionError) {
        let keys = [EnvironmentName.accessKeyID, EnvironmentName.secretAccessKey]
        var missing = [EnvironmentName.endpoint, EnvironmentName.bucket].filter { inherited.value($0) == nil }
        let isFolder = inherited.value(EnvironmentName.endpoint).map { StoreLocation.isFolder(endpoint: $0) } ?? false
        if !isFolder { missing += keys.filter { inherited.secret($0) == nil } }
        if let failure = SupervisionError(missing: missing) { throw failure }
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
    }

    private static func credentials(_ inherited: InheritedEnvironment) -> StorageCredentials? {
        guard let keyID = inherited.secret(EnvironmentName.accessKeyID),
            let secret = inherited.secret(EnvironmentName.secretAccessKey)
        else { return nil }
        return StorageCredentials(
            accessKeyID: keyID.unredacted, secretAccessKey: secret,
            sessionToken: inherited.secret(EnvironmentName.sessionToken))
    }
}

extension SupervisionError {
    /// What nobody has set; nil where nothing is missing.
    init?(missing names: [String]) {
        guard !names.isEmpty else { return nil }
        self.init(
            .configuration, "start the run",
            "\(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are") not set")
    }
}
