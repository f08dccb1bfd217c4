import Synchronization

/// A process that PID 1 started; its number is also its group's.
package final class ChildProcess: Sendable {
    private enum State {
        case running([@Sendable (ExitStatus) -> Void])
        case ended(ExitStatus)
    }

    /// The process's number.
    package let pid: Int32
    /// The reading end of its standard output and error, to be taken over by whoever reads it.
    package let output: Int32
    private let state = Mutex(State.running([]))

    init(pid: Int32, output: Int32) {
        self.pid = pid
        self.output = output
    }

    /// Waits until it has ended and was reaped; being cancelled changes nothing, since the process goes on.
    package func wait() async -> ExitStatus {
        await withCheckedContinuation { continuation in
            let ended: ExitStatus? = state.withLock { state in
                switch state {
                case .ended(let status): return status
                case .running(let waiting):
                    state = .running(waiting + [{ continuation.resume(returning: $0) }])
                    return nil
                }
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    /// True until it was reaped.
    package var isRunning: Bool { state.withLock { if case .running = $0 { true } else { false } } }

    func end(with status: ExitStatus) {
        let waiting: [@Sendable (ExitStatus) -> Void] = state.withLock { state in
            guard case .running(let waiting) = state else { return [] }
            state = .ended(status)
            return waiting
        }
        for resume in waiting { resume(status) }
    }
}
