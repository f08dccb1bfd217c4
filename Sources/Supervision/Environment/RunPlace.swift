package import ObjectStorage
package import RunContract
import Secrets
package import SystemPackage

/// The bucket and prefix of a run, which are read first, so that all later errors can be reported there.
package struct RunPlace: Sendable {
    /// The bucket or the folder.
    package let location: any StoreLocation
    /// The bucket's access key, nil for a folder.
    package let credentials: StorageCredentials?
    /// A file of CA certificates that replace those of the entrypoint.
    package let certificates: FilePath?
    /// The key prefix of all runs in the bucket.
    package let prefix: String?
    /// The run's ID, nil if the deployment did not set one.
    package let runID: RunID?

    /// Reads the environment; throws with exit code 78 if a value is missing or invalid.
    ///
    /// Such a failure cannot be recorded in the bucket.
    package init(_ inherited: InheritedEnvironment) throws(SupervisionError) {
        let keys = [EnvironmentName.accessKeyID, EnvironmentName.secretAccessKey]
        var missing = [EnvironmentName.endpoint, EnvironmentName.bucket].filter { inherited.value($0) == nil }
        let isLocal = inherited.value(EnvironmentName.endpoint).map { StoreSchemes.isLocal(endpoint: $0) } ?? false
        if !isLocal { missing += keys.filter { inherited.secret($0) == nil } }
        if let failure = SupervisionError(missing: missing) { throw failure }
        credentials = Self.credentials(inherited)
        do throws(StorageError) {
            location = try StoreSchemes.location(
                inherited.value(EnvironmentName.bucket) ?? "",
                at: StoreEndpoint(
                    inherited.value(EnvironmentName.endpoint) ?? "", region: inherited.value(EnvironmentName.region),
                    addressing: inherited.value(EnvironmentName.addressing)))
        } catch { throw SupervisionError(status: RunExit.configuration.rawValue, error.message) }
        do {
            runID = if let text = inherited.value(EnvironmentName.runID) { try RunID(text) } else { nil }
        } catch { throw SupervisionError(status: RunExit.configuration.rawValue, "\(error)") }
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
    /// Creates an error that names unset variables; returns nil if there are none.
    init?(missing names: [String]) {
        guard !names.isEmpty else { return nil }
        self.init(
            .configuration, "start the run",
            "\(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are") not set")
    }
}
