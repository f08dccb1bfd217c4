import OCI
import Registry
import Synchronization

/// Collects the transfer events of blobs.
final class Events: Sendable {
    private let events = Mutex<[TransferEvent]>([])

    @Sendable func note(_ event: TransferEvent) { events.withLock { $0.append(event) } }
    func clear() { events.withLock { $0 = [] } }

    private var all: [TransferEvent] { events.withLock { $0 } }
    var present: [Digest] { all.compactMap { if case .present(let blob) = $0 { blob.digest } else { nil } } }
    var mounted: [Digest] { all.compactMap { if case .mounted(let blob) = $0 { blob.digest } else { nil } } }
    var moved: [Digest] { all.compactMap { if case .moved(let blob) = $0 { blob.digest } else { nil } } }
    /// The last number of bytes reported for a blob.
    func bytes(of digest: Digest) -> Int64? {
        all.reversed().lazy.compactMap {
            if case .moving(let blob, let bytes) = $0, blob.digest == digest { bytes } else { nil }
        }.first
    }
}
