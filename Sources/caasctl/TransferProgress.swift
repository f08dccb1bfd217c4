import OCI
import POSIX
import Registry
import Synchronization

/// Counts what moves between here and a registry, and shows it.
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
        var shown = ContinuousClock.now
    }

    private let action: String
    private let state = Mutex(State())

    /// Progress of an action such as `push ghcr.io/me/app:1`.
    init(_ action: String) { self.action = action }

    var totals: Totals { state.withLock { $0.totals } }

    @Sendable func note(_ event: TransferEvent) {
        let line = state.withLock { state -> String? in
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
            guard ContinuousClock.now - state.shown > .seconds(2) else { return nil }
            state.shown = .now
            let done = state.done + state.moving.values.reduce(0, +)
            return "\(action): \(Self.text(done)) of \(Self.text(state.totals.bytes))"
        }
        if let line { StandardError.print(line) }
    }

    /// Says in one line what was done.
    func finish() {
        let totals = totals
        StandardError.print(
            "\(action): \(totals.moved) of \(totals.blobs) blobs sent (\(Self.text(totals.movedBytes))), "
                + "\(totals.mounted) taken over, \(totals.present) there already")
    }

    private static func text(_ bytes: Int64) -> String {
        bytes < 10_000_000 ? "\((bytes + 999) / 1000) kB" : "\(bytes / 1_000_000) MB"
    }
}
