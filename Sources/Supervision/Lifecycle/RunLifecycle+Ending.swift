import ObjectStorage
import RunContract
import Synchronization

extension RunLifecycle {
    /// Uploads everything that is finished and reports why the run ended; returns the container's exit status.
    func end(after failure: SupervisionError?) async -> Int32 {
        let phase = phase.withLock { $0 }
        if case .superseded = phase { return RunExit.preempted.rawValue }
        var final = failure.flatMap { phase.isComplete && $0.isPreemption ? nil : $0 }
        if final != nil, case .working(_, let session, let uploader) = phase {
            do throws(SupervisionError) {
                session.hurryTransfers()
                try await uploader.drain(patience: session.retry.patience) { [supervisor] in
                    supervisor.termination.map { $0.deadline - .milliseconds(1500) }
                }
            } catch { log.say("not everything was uploaded: \(error)") }
        }
        // If the container was asked to stop meanwhile, an earlier reason remains, but there is no further waiting.
        if supervisor.termination != nil, final == nil, !phase.isComplete { final = .stopped }
        if let limit = spending?.reached, final?.isPreemption == true {
            final = SpendingWatch.failure(limit)
        }
        if let final {
            log.say(final.description)
            runState.update { status in
                status.phase = .failed
                status.reason = final.description
                status.cause = final.kind?.name
                status.exitCode = Int(final.status)
            }
        } else {
            runState.update { status in
                status.phase = .complete
                status.exitCode = 0
            }
        }
        if let reporting = phase.reporting { await finish(reporting) }
        if let final, !final.isPreemption, holdsFailures, supervisor.termination == nil {
            await hold(phase.reporting)
        }
        return final?.status ?? 0
    }

    /// Uploads the rest of the log and the last status, within 60 seconds, or 5 after a request to stop.
    private func finish(_ reporting: RunReporting) async {
        reporting.task.cancel()
        await reporting.task.value
        let sending = Task {
            await reporting.logs.send()
            do throws(StorageError) { _ = try await reporting.ownership.write() } catch {
                log.say("cannot write the last status: \(error)")
            }
        }
        let limit = Task {
            try await Task.sleep(for: .seconds(supervisor.termination == nil ? 60 : 5))
            sending.cancel()
        }
        await sending.value
        limit.cancel()
    }

    private var holdsFailures: Bool { start.environment.value(EnvironmentName.onFailure)?.lowercased() == "hold" }

    /// Keeps the page available until the container is asked to stop.
    private func hold(_ reporting: RunReporting?) async {
        log.say("ON_FAILURE=hold: the container stays until it is stopped")
        await reporting?.logs.send()
        while supervisor.termination == nil { try? await Task.sleep(for: .milliseconds(200)) }
    }
}
