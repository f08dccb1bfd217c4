package import Definitions
package import HTTP
import JSON
package import ObjectStorage
package import RunContract

/// A run's folder in its bucket, as the user's machine reads it.
package struct RunBucket: Sendable {
    let store: any ObjectStore
    let layout: BucketLayout
    let run: RunID

    package init(store: any ObjectStore, prefix: String?, run: RunID) {
        self.store = store
        self.run = run
        layout = BucketLayout(prefix: prefix, run: run)
    }

    /// Opens the run's folder with the credentials of the settings.
    package init(
        _ place: RunRecord.Bucket, run: RunID, settings: Settings, http: HTTPClient? = nil
    ) throws(DeploymentError) {
        let action = "open the bucket \(place.name)"
        let storage = StoreOpener(settings, client: http)
        let location: any StoreLocation
        do throws(StorageError) {
            location = try storage.location(bucket: place.name, endpoint: place.endpoint)
        } catch { throw DeploymentError(.local, action, error.message) }
        if let reason = storage.missingKey(for: location) { throw DeploymentError(.local, action, reason) }
        let store: any ObjectStore
        do throws(StorageError) { store = try storage.open(location) } catch {
            throw DeploymentError(.local, action, error.message)
        }
        self.init(store: store, prefix: place.prefix, run: run)
    }

    /// Returns the run's last status, nil where it has written none yet.
    package func status() async throws(DeploymentError) -> RunStatus? {
        try await document(layout.status, limit: 1 << 20, RunStatus.init)
    }

    /// Returns the run's completion record, nil where the run is not complete.
    package func completion() async throws(DeploymentError) -> CompletionRecord? {
        try await document(layout.completion, limit: 256 << 20) { [layout] (json) in
            try CompletionRecord(json: json, below: layout.root)
        }
    }

    private func document<Value>(
        _ key: String, limit: Int, _ read: (JSONValue) throws -> Value
    ) async throws(DeploymentError) -> Value? {
        let found: Result<Value, any Error>?
        do throws(StorageError) { found = try await store.document(key, limit: limit, read) } catch {
            throw DeploymentError(error, "look at run \(run)")
        }
        do { return try found?.get() } catch {
            throw DeploymentError(.unexpectedAnswer, "look at run \(run)", "\(key): \(error)")
        }
    }

    /// Writes, reads and deletes an object, which is also the container's first action.
    package func prove() async throws(DeploymentError) {
        let content = Array("written by caasctl before it deploys \(run)\n".utf8)
        do throws(StorageError) { try await store.prove(layout.probe(instance: "caasctl"), with: content) } catch {
            throw DeploymentError(error, "use the bucket")
        }
    }
}

extension DeploymentError {
    /// Wraps an error of the bucket; its description already names the object.
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
