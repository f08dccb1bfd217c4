import Hashing
import JSON
import ObjectStorage
import RunContract
import Synchronization
import Timestamps

/// Ensures that only one attempt of the run writes: status.json names it and is read before each write.
final class RunOwnership: Sendable {
    private let store: any ObjectStore
    private let key: String
    private let runState: RunState
    private let isLost = Mutex(false)

    init(_ store: any ObjectStore, layout: BucketLayout, runState: RunState) {
        self.store = store
        key = layout.status
        self.runState = runState
    }

    /// Returns a random ID that tells this attempt from another one with the same number.
    static func makeInstance() -> String { RandomBytes.make(8).hexadecimal }

    /// Takes the number after the last attempt's and writes it to status.json before any other work.
    ///
    /// Also returns what the earlier attempts cost in dollars.
    func claim(instance: String) async throws(SupervisionError) -> (attempt: Int, spent: Double) {
        let attempt: Int
        let spent: Double
        let written: RunStatus?
        do throws(StorageError) {
            let last = try await current()
            attempt = (last?.attempt ?? 0) + 1
            spent = last?.costUSD ?? 0
            runState.update { status in
                status.attempt = attempt
                status.instance = instance
            }
            try await put()
            written = try await current()
        } catch {
            if error.code == .cancelled { throw .stopped }
            throw SupervisionError(status: RunExit.preflight.rawValue, error.description)
        }
        guard let written else {
            throw SupervisionError(.preflight, "take over the run", "what was written to \(key) does not come back")
        }
        guard written.instance == instance else {
            isLost.withLock { $0 = true }
            throw SupervisionError(.preempted, "take over the run", "another container of it starts at the same moment")
        }
        return (attempt, spent)
    }

    /// Writes the run's status; returns false, without writing, if another attempt has taken over the run.
    func write() async throws(StorageError) -> Bool {
        if isLost.withLock({ $0 }) { return false }
        let own = runState.status
        if let other = try await current(), other.instance != own.instance, other.attempt >= own.attempt {
            isLost.withLock { $0 = true }
            return false
        }
        try await put()
        return true
    }

    private func current() async throws(StorageError) -> RunStatus? {
        // An unreadable status.json does not count as another attempt's claim.
        guard case .success(let status) = try await store.document(key, limit: 1 << 20, RunStatus.init) else {
            return nil
        }
        return status
    }

    private func put() async throws(StorageError) {
        var status = runState.status
        status.updated = Timestamp.now().rfc3339
        try await store.put(key, status.json.prettyEncoded(), contentType: "application/json", once: false)
    }
}
