import OCI
import Registry
import Synchronization
import Terminal
import Wording

/// Counts the blobs that are transferred to or from a registry, and displays the progress.
final class TransferProgress: Sendable {
    struct Totals: Sendable {
        var blobs = 0
        var bytes: Int64 = 0
        var present = 0
        var mounted = 0
        var moved = 0
        var movedBytes: Int64 = 0
    }

    private struct State {
        var totals = Totals()
        var done: Int64 = 0
        var moving: [Digest: Int64] = [:]
    }

    private let action: String
    private let line = ProgressLine()
    private let state = Mutex(State())

    /// Creates the progress of an action such as `push ghcr.io/me/app:1`.
    init(_ action: String) { self.action = action }

    var totals: Totals { state.withLock { $0.totals } }

    @Sendable func note(_ event: TransferEvent) {
        let done = state.withLock { state -> Int64 in
            switch event {
            case .planned(let blobs, let bytes):
                state.totals.blobs = blobs
                state.totals.bytes = bytes
            case .present(let blob):
                state.totals.present += 1
                state.done += blob.size
            case .mounted(let blob):
                state.totals.mounted += 1
                state.done += blob.size
            case .moving(let blob, let bytes): state.moving[blob.digest] = bytes
            case .moved(let blob):
                state.moving[blob.digest] = nil
                state.totals.moved += 1
                state.totals.movedBytes += blob.size
                state.done += blob.size
            }
            return state.done + state.moving.values.reduce(0, +)
        }
        line.update("\(action): \(ByteCount(done)) of \(ByteCount(totals.bytes))")
    }

    /// Prints a one-line summary.
    func finish() {
        let totals = totals
        line.write(
            "\(action): \(totals.moved) of \(totals.blobs) blobs sent (\(ByteCount(totals.movedBytes))), "
                + "\(totals.mounted) taken over, \(totals.present) there already")
    }
}
