import Definitions
import ObjectStorage
import POSIX
import RunContract

/// The runs in the bucket and prefix of the settings.
struct BucketSurvey: Sendable {
    /// A run's folder and its last status.
    struct Entry: Sendable {
        let run: RunID
        let status: Result<RunStatus, DeploymentError>
    }

    /// The place of R2_ENDPOINT_URL, R2_BUCKET_NAME and R2_PREFIX.
    let place: RunRecord.Bucket
    private let store: any ObjectStore

    init(_ settings: Settings) throws(DeploymentError) {
        let action = "look for runs in the bucket"
        guard let name = settings.text(EnvironmentName.bucket), let endpoint = settings.text(EnvironmentName.endpoint)
        else {
            throw DeploymentError(
                .local, action,
                "\(EnvironmentName.bucket) and \(EnvironmentName.endpoint) must be set, in the environment or in "
                    + "--env-file")
        }
        place = RunRecord.Bucket(endpoint: endpoint, name: name, prefix: settings.text(EnvironmentName.prefix))
        let storage = StoreOpener(settings)
        do throws(StorageError) {
            let location = try storage.location(bucket: name)
            if let reason = storage.missingKey(for: location) { throw StorageError(.wrongKey, action, reason) }
            store = try storage.open(location)
        } catch { throw DeploymentError(.local, action, error.message) }
    }

    /// Returns the runs whose ids have this prefix: the folders with a status.json.
    func runs(beginning start: String) async throws(DeploymentError) -> [Entry] {
        let prefix = BucketLayout.runs(prefix: place.prefix)
        var names: [Substring] = []
        do throws(StorageError) {
            for folder in try await store.folders(prefix + start) {
                names.append(folder.dropFirst(prefix.count).dropLast())
            }
        } catch { throw DeploymentError(error, "look for runs in the bucket") }
        let runs = names.compactMap { try? RunID(String($0)) }
        return await withTaskGroup(of: Entry?.self) { group in
            var entries: [Entry?] = []
            for (index, run) in runs.enumerated() {
                if index >= 16, let entry = await group.next() { entries.append(entry) }
                group.addTask { await entry(run) }
            }
            for await entry in group { entries.append(entry) }
            return entries.compactMap(\.self).sorted { $0.run.description < $1.run.description }
        }
    }

    private func entry(_ run: RunID) async -> Entry? {
        do throws(DeploymentError) {
            let status = try await RunBucket(store: store, prefix: place.prefix, run: run).status()
            return status.map { Entry(run: run, status: .success($0)) }
        } catch { return Entry(run: run, status: .failure(error)) }
    }
}
