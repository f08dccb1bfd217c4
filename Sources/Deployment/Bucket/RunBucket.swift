public import Definitions
public import HTTP
import JSON
public import ObjectStorage
public import RunContract
import Secrets

/// What a run keeps in its bucket, as the user's side reads it.
public struct RunBucket: Sendable {
    let store: any ObjectStore
    let layout: BucketLayout
    let run: RunID

    /// The folder of a run in a bucket.
    public init(store: any ObjectStore, prefix: String?, run: RunID) {
        self.store = store
        self.run = run
        layout = BucketLayout(prefix: prefix, run: run)
    }

    /// The folder of a run, opened with the key that the settings hold.
    public init(
        _ place: RunRecord.Bucket, run: RunID, settings: Settings, http: HTTPClient = HTTPClient()
    ) throws(DeploymentError) {
        let action = "open the bucket \(place.name)"
        guard let keyID = settings.secret(EnvironmentName.accessKeyID),
            let secret = settings.secret(EnvironmentName.secretAccessKey)
        else {
            throw DeploymentError(
                .local, action,
                "\(EnvironmentName.accessKeyID) and \(EnvironmentName.secretAccessKey) must be set, "
                    + "in the environment or in --env-file")
        }
        let credentials = StorageCredentials(
            accessKeyID: keyID.unredacted, secretAccessKey: secret,
            sessionToken: settings.secret(EnvironmentName.sessionToken))
        let location: BucketLocation
        do throws(StorageError) {
            location = try BucketLocation(
                endpoint: place.endpoint, bucket: place.name, region: settings.text(EnvironmentName.region) ?? "auto")
        } catch { throw DeploymentError(.local, action, error.message) }
        self.init(
            store: S3Client(location, credentials: credentials, client: http), prefix: place.prefix, run: run)
    }

    /// What the run said last, nil where it said nothing yet.
    public func status() async throws(DeploymentError) -> RunStatus? {
        try await document(layout.status, limit: 1 << 20, RunStatus.init)
    }

    /// What the run left when it was over, nil where it is not.
    public func completion() async throws(DeploymentError) -> CompletionRecord? {
        try await document(layout.completion, limit: 64 << 20, CompletionRecord.init)
    }

    private func document<Value>(
        _ key: String, limit: Int, _ read: (JSONValue) throws(JSONError) -> Value
    ) async throws(DeploymentError) -> Value? {
        let bytes: [UInt8]?
        do throws(StorageError) { bytes = try await store.get(key, limit: limit) } catch {
            throw DeploymentError(error, "look at run \(run)")
        }
        guard let bytes else { return nil }
        do throws(JSONError) { return try read(try JSONValue(parsing: bytes)) } catch {
            throw DeploymentError(.unexpectedAnswer, "look at run \(run)", "\(key): \(error)")
        }
    }

    /// Writes, reads and removes an object, as the container will do first of all.
    public func prove() async throws(DeploymentError) {
        let action = "use the bucket"
        let key = layout.probe(instance: "caasctl")
        let content = Array("written by caasctl before it deploys \(run)\n".utf8)
        do throws(StorageError) {
            try await store.put(key, content, contentType: "text/plain")
            let back = try await store.get(key, limit: 4096)
            try await store.delete(key)
            guard back == content else {
                throw StorageError(.corrupted, action, "what was written to \(key) is not what is read")
            }
        } catch { throw DeploymentError(error, action) }
    }
}

extension DeploymentError {
    /// What the bucket says, which already names the object.
    init(_ error: StorageError, _ action: String) {
        let code: Code =
            switch error.code {
            case .wrongKey, .accessDenied: .unauthorized
            case .noSuchBucket, .noSuchKey: .notFound
            case .unreachable: .unreachable
            case .local: .local
            case .cancelled: .cancelled
            default: .refused
            }
        self.init(code, action, error.description)
    }
}
