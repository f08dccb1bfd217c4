import ObjectStorage

/// Reports a transfer that makes no progress and what it waits for, because a user can only fix what is reported.
struct StandstillWatch: Sendable {
    let log: RunLog
    let runState: RunState
    /// How long a transfer may make no progress before that is reported.
    var patience = Duration.seconds(30)
    /// Time until the report is repeated.
    var repetition = Duration.seconds(60)
    /// Time between two checks.
    var interval = Duration.seconds(1)

    /// Runs a transfer; while it makes no progress, the log and the board say so.
    func during<Value: Sendable, Failure: Error>(
        _ name: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let watch = TransferWatch()
        let watching = Task { await look(at: watch, name) }
        let outcome = await TransferWatch.$current.withValue(watch) {
            do throws(Failure) { return Result<Value, Failure>.success(try await body()) } catch {
                return .failure(error)
            }
        }
        watching.cancel()
        await watching.value
        return try outcome.get()
    }

    private func look(at watch: TransferWatch, _ name: String) async {
        // When the last report was made, and the time of the last progress then.
        var said: (at: ContinuousClock.Instant, since: ContinuousClock.Instant)?
        while !Task.isCancelled {
            let (now, moved) = (ContinuousClock.now, watch.moved)
            if let last = said, last.since != moved {
                log.say("\(name) goes on")
                runState.report(delay: nil, of: name)
                said = nil
            }
            if now - moved >= patience, said.map({ now - $0.at >= repetition }) ?? true {
                let silence = Int((now - moved).seconds)
                let reason = "has not moved for \(silence) s: \(watch.reason ?? "waits for its next try")"
                log.say("\(name) \(reason)")
                runState.report(delay: reason, of: name)
                said = (now, moved)
            }
            try? await Task.sleep(for: interval)
        }
        if said != nil { runState.report(delay: nil, of: name) }
    }
}
