import ObjectStorage
package import RunContract

extension RunBucket {
    /// Returns the completion record; throws unless every object that it names exists with its full size.
    ///
    /// The container verified the content before it wrote the record, which is the last object that a run writes.
    package func verify() async throws(DeploymentError) -> CompletionRecord {
        let action = "verify run \(run)"
        guard let completion = try await completion() else {
            let status = try await status()
            let phase = status.map { "it is in phase \($0.phase.rawValue)" } ?? "it has said nothing yet"
            let reason = status.flatMap { $0.reason.isEmpty ? nil : " (\($0.reason))" } ?? ""
            throw DeploymentError(.unverified, action, "there is no complete.json in its bucket; \(phase)\(reason)")
        }
        guard completion.run == run.description else {
            throw DeploymentError(.unverified, action, "complete.json is of run \(completion.run)")
        }
        let files = completion.artifacts.flatMap(\.files)
        let faults = try await faults(in: files)
        guard faults.isEmpty else {
            let more = faults.count > 3 ? " and \(faults.count - 3) more" : ""
            throw DeploymentError(.unverified, action, faults.prefix(3).joined(separator: "; ") + more)
        }
        return completion
    }

    /// Returns a description of each missing object and each object of the wrong size; sends eight requests at a time.
    func faults(in files: [FileRecord]) async throws(DeploymentError) -> [String] {
        let results = await withTaskGroup(of: Result<String?, DeploymentError>.self) { group in
            var results: [Result<String?, DeploymentError>] = []
            for (index, file) in files.enumerated() {
                if index >= 8, let result = await group.next() { results.append(result) }
                group.addTask { await fault(of: file) }
            }
            for await result in group { results.append(result) }
            return results
        }
        var faults: [String] = []
        for result in results {
            if let fault = try result.get() { faults.append(fault) }
        }
        return faults.sorted()
    }

    private func fault(of file: FileRecord) async -> Result<String?, DeploymentError> {
        do throws(StorageError) {
            guard let status = try await store.head(file.key) else { return .success("\(file.key) is missing") }
            guard status.size == file.size else {
                return .success("\(file.key) has \(status.size) bytes instead of \(file.size)")
            }
            return .success(nil)
        } catch { return .failure(DeploymentError(error, "verify run \(run)")) }
    }
}
