import Synchronization

extension RunLifecycle {
    /// How far the lifecycle has come, with what the end of the container needs there.
    enum Phase: Sendable {
        /// The bucket has not answered yet, so nothing can be reported there.
        case starting
        /// The run is this container's: its status and log go to the bucket.
        case claimed(RunReporting)
        /// The stages can run: what they leave is uploaded.
        case working(RunReporting, RunContext, CheckpointUploader)
        /// Every artifact is verified in the bucket; the model may be served.
        case complete(RunReporting)
        /// Another container has taken the run over, and it alone writes to the bucket.
        case superseded

        /// nil where nothing may be written to the bucket.
        var reporting: RunReporting? {
            switch self {
            case .starting, .superseded: nil
            case .claimed(let reporting), .working(let reporting, _, _), .complete(let reporting): reporting
            }
        }

        var isComplete: Bool { if case .complete = self { true } else { false } }
    }

    /// Enters a phase; a run that another container has taken over never comes back.
    func enter(_ next: Phase) {
        phase.withLock { phase in
            if case .superseded = phase { return }
            phase = next
        }
    }
}

/// What carries the run's status and log to its bucket.
struct RunReporting: Sendable {
    let ownership: RunOwnership
    let logs: LogUpload
    /// Writes both again and again until it is cancelled.
    let task: Task<Void, Never>
}
