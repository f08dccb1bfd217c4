import ObjectStorage

/// How long an upload makes do with what the training leaves of the processors.
///
/// Measured: beside one thread that never rests, on the same core, 3 MiB a second, of more than 500 otherwise. On a machine
/// whose cores all are that busy 10 GB would take an hour, and be lost with the machine meanwhile.
struct UploadPatience: Sendable {
    let limits: TransferLimits?
    let log: RunLog
    var duration = Duration.seconds(60)

    /// Does what uploads something; where that takes too long, the rest of it yields to nobody.
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
