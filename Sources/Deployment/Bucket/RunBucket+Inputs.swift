package import RunContract
import Wording

extension RunBucket {
    /// Returns the files of the artifact that another run starts from.
    ///
    /// Throws unless this run is complete and the bucket has every one of the files.
    package func files(
        of input: RunInput
    ) async throws(DeploymentError) -> (record: CompletionRecord, files: [FileRecord]) {
        let action = "take \(input)"
        guard let record = try await completion() else {
            throw DeploymentError(
                .unverified, action, "it is not complete: there is no \(layout.completion) in the bucket")
        }
        let files: [FileRecord]
        do { files = try record.artifact(of: input).files } catch {
            throw DeploymentError(.unverified, action, Failure.reason(of: error))
        }
        let faults = try await faults(in: files)
        guard faults.isEmpty else {
            throw DeploymentError(.unverified, action, faults.prefix(3).joined(separator: "; "))
        }
        return (record, files)
    }
}
