import ObjectStorage

/// The time for which an upload uses only the processor time that the training leaves.
///
/// Measured next to one busy thread on the same core: 3 MiB a second, against more than 500 otherwise. On a machine
/// whose cores are all that busy, 10 GB would take an hour, and would be lost if the machine failed meanwhile.
struct UrgencyPolicy: Sendable {
    let limits: TransferLimits?
    let log: RunLog
    var duration = Duration.seconds(60)

    /// Runs an upload; after ``duration`` the rest of it no longer yields to the training.
    func during<Value: Sendable>(
        _ name: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async rethrows -> Value {
        let waiting = Task {
            try await Task.sleep(for: duration)
            guard let limits, limits.isBackground else { return }
            limits.isUrgent = true
            log.say("\(name) takes longer than \(Int(duration.seconds)) s; its upload yields to the training no more")
        }
        do {
            let value = try await body()
            await end(waiting)
            return value
        } catch {
            await end(waiting)
            throw error
        }
    }

    private func end(_ waiting: Task<Void, any Error>) async {
        waiting.cancel()
        _ = await waiting.result
        limits?.isUrgent = false
    }
}
