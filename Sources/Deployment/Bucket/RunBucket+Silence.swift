import ObjectStorage
import RunContract
import Timestamps

extension RunBucket {
    /// The age in seconds at which a status shows that its container is gone.
    ///
    /// A running container writes its status every ten seconds, unless it cannot reach the bucket.
    package static let silence = 90

    /// Throws while a container of the run wrote its status less than `seconds` ago and did not report that it is over.
    ///
    /// The age is measured by the bucket's clock where the bucket reports it, since the container's clock may be wrong.
    package func requireSilence(
        to action: String, within seconds: Int = silence
    ) async throws(DeploymentError) {
        guard let status = try await status(), !status.isOver else { return }
        let written: Timestamp?
        do throws(StorageError) {
            written = try await store.head(layout.status)?.lastModified
                .flatMap { Timestamp(http: $0) ?? Timestamp(rfc3339: $0) }
        } catch { throw DeploymentError(error, action) }
        guard let written = written ?? Timestamp(rfc3339: status.updated) else { return }
        let age = Timestamp.now().seconds + store.clockOffset - written.seconds
        guard age < seconds else { return }
        throw DeploymentError(
            .refused, action,
            "a container of it wrote its status \(max(0, age)) s ago, in phase \(status.phase.rawValue), and may still "
                + "write; wait until it is silent for \(seconds) s, or add --force where you know that it is gone")
    }
}
