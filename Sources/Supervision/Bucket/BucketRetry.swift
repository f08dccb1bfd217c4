import ObjectStorage
import RunContract

/// Repeats an operation on the bucket until it succeeds or has failed for longer than ``patience``.
struct BucketRetry: Sendable {
    let log: RunLog
    /// How long the operation may keep failing.
    let patience: Duration

    /// Repeats `body`; throws with exit code 72 if the bucket is unavailable for longer than ``patience``.
    func run<Value: Sendable>(_ what: String, _ body: () async throws -> Value) async throws(SupervisionError) -> Value
    {
        var failingSince: ContinuousClock.Instant?
        var attempt = 0
        while true {
            let reason: String
            do { return try await body() } catch let error as StorageError {
                if error.code == .cancelled { throw .stopped }
                reason = error.description
                if error.code == .local { throw SupervisionError(.uploadIncomplete, what, reason) }
            } catch let error as SupervisionError {
                guard error.status == RunExit.verification.rawValue, attempt < 3 else { throw error }
                reason = error.description
            } catch is CancellationError { throw .stopped } catch { reason = "\(error)" }
            let since = failingSince ?? ContinuousClock.now
            failingSince = since
            guard ContinuousClock.now - since < patience else {
                throw SupervisionError(.uploadIncomplete, what, reason)
            }
            if attempt == 0 || attempt.isMultiple(of: 10) { log.say("cannot \(what) yet: \(reason)") }
            attempt += 1
            let wait = min(15, 0.5 * Double(1 << min(attempt, 5)))
            do { try await Task.sleep(for: .seconds(wait)) } catch { throw .stopped }
        }
    }
}
