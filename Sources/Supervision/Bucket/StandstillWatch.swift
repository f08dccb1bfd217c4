import ObjectStorage

/// Says of what is transferred that it does not move, and what it waits for: silence is the one thing that nobody can mend.
struct StandstillWatch: Sendable {
    let log: RunLog
    let board: RunBoard
    /// How long nothing may move before that is said.
    var patience = Duration.seconds(30)
    /// How long until it is said once more.
    var repetition = Duration.seconds(60)
    /// How often somebody looks.
    var interval = Duration.seconds(1)

    /// Does what transfers something; that it stands still is in the log and on the board until it goes on.
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
        /// When it was said last that nothing moved, and since when that was so.
        var said: (at: ContinuousClock.Instant, since: ContinuousClock.Instant)?
        while !Task.isCancelled {
            let (now, moved) = (ContinuousClock.now, watch.moved)
            if let last = said, last.since != moved {
                log.say("\(name) goes on")
                board.report(delay: nil, of: name)
                said = nil
            }
            if now - moved >= patience, said.map({ now - $0.at >= repetition }) ?? true {
                let silence = Int((now - moved).seconds)
                let reason = "has not moved for \(silence) s: \(watch.reason ?? "waits for its next try")"
                log.say("\(name) \(reason)")
                board.report(delay: reason, of: name)
                said = (now, moved)
            }
            try? await Task.sleep(for: interval)
        }
        if said != nil { board.report(delay: nil, of: name) }
    }
}
