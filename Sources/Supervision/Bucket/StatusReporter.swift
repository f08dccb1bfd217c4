import ObjectStorage
import RunContract

/// Writes status.json at each change of phase, else at most every ten seconds, and uploads the log in pieces.
final class StatusReporter: Sendable {
    private static let interval = Duration.seconds(10)

    private let ownership: RunOwnership
    private let logs: LogUpload
    private let runState: RunState
    private let log: RunLog

    init(_ ownership: RunOwnership, logs: LogUpload, runState: RunState, log: RunLog) {
        self.ownership = ownership
        self.logs = logs
        self.runState = runState
        self.log = log
    }

    /// Runs until it is cancelled; calls `onLoss` once another attempt has taken over the run.
    func run(onLoss: @Sendable () -> Void) async {
        var written: (at: ContinuousClock.Instant, phases: Int)?
        var uploaded = ContinuousClock.now
        while !Task.isCancelled {
            let now = ContinuousClock.now
            let phases = runState.phaseChanges
            let isDue = written.map { phases != $0.phases || now - $0.at >= Self.interval } ?? true
            if isDue {
                switch await write() {
                case .some(true): written = (now, phases)
                case .some(false):
                    onLoss()
                    return
                case nil: written = (now, written?.phases ?? -1)
                }
            }
            if now - uploaded >= Self.interval || logs.isLong {
                await logs.send()
                uploaded = now
            }
            try? await Task.sleep(for: .milliseconds(written?.phases == runState.phaseChanges ? 250 : 1000))
        }
    }

    /// Returns nil if the bucket does not answer, which is no reason to stop training.
    private func write() async -> Bool? {
        do throws(StorageError) { return try await ownership.write() } catch {
            if error.code != .cancelled { log.say("cannot write the status: \(error)") }
            return nil
        }
    }
}

/// Uploads the log piece by piece.
actor LogUpload {
    private nonisolated let log: RunLog
    private let store: any ObjectStore
    private let layout: BucketLayout
    private let attempt: Int
    private var sequence = 0
    private var isSending = false

    init(_ store: any ObjectStore, layout: BucketLayout, attempt: Int, log: RunLog) {
        self.store = store
        self.layout = layout
        self.attempt = attempt
        self.log = log
    }

    /// True if at least 1 MiB waits, so that the next piece should be sent at once.
    nonisolated var isLong: Bool { log.pendingBytes >= 1 << 20 }

    /// Uploads everything that waits; returns false and keeps the rest if an upload fails or another is running.
    @discardableResult
    func send() async -> Bool {
        guard !isSending else { return false }
        isSending = true
        defer { isSending = false }
        while true {
            let piece = log.takePending()
            guard !piece.isEmpty else { return true }
            let key = layout.log(attempt: attempt, sequence: sequence + 1, suffix: "jsonl")
            do throws(StorageError) {
                try await store.put(key, piece, contentType: "application/jsonl", once: false)
                sequence += 1
            } catch {
                log.putBack(piece)
                return false
            }
        }
    }
}
