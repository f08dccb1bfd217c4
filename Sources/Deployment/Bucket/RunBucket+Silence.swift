import ObjectStorage
import RunContract
import Timestamps

extension RunBucket {
    /// Seconds within which a living container has written its status: it does so every ten, unless the bucket is away.
    package static let silence = 90

    /// Refuses while a container of the run wrote its status a moment ago, and not that it is over.
    ///
    /// The bucket's own clock counts, as far as it tells it: the container's may be wrong.
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
