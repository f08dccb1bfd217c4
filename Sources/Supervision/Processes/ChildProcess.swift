import Synchronization

/// A process that PID 1 started; its process ID is also its process group's ID.
package final class ChildProcess: Sendable {
    private enum State {
        case running([@Sendable (ExitStatus) -> Void])
        case ended(ExitStatus)
    }

    /// The process ID.
    package let pid: Int32
    /// The read end of its standard output and error; the reader takes ownership.
    package let output: Int32
    private let state = Mutex(State.running([]))

    init(pid: Int32, output: Int32) {
        self.pid = pid
        self.output = output
    }

    /// Waits until the process has ended and was reaped; ignores cancellation, since the process continues to run.
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

    /// True until the process was reaped.
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
