private import CLinux
private import Synchronization
package import SystemPackage

/// Reports of exhausted system resources: which limit was hit, and that an operation waits for it.
package enum Shortage {
    private struct State {
        var listener: (@Sendable (String) -> Void)?
        var said: [String: ContinuousClock.Instant] = [:]
    }

    /// The interval between reports of the same action.
    private static let silence = Duration.seconds(20)
    private static let state = Mutex(State())

    /// Sets the receiver of the reports.
    package static func listen(_ listener: @escaping @Sendable (String) -> Void) {
        state.withLock { $0.listener = listener }
    }

    /// Reports that an action is being retried, at most once per 20 seconds; the caller does the waiting.
    package static func report(_ action: String, _ errno: Errno) {
        let now = ContinuousClock.now
        let listener: (@Sendable (String) -> Void)? = state.withLock { state in
            if let last = state.said[action], now - last < silence { return nil }
            guard state.listener != nil else { return nil }
            state.said[action] = now
            return state.listener
        }
        listener?("cannot \(action): \(reason(errno)); trying again")
    }

    /// Returns true for shortages that may pass when other processes release threads, processes, descriptors or memory.
    package static func isShortage(_ errno: Errno) -> Bool {
        [.resourceTemporarilyUnavailable, .noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace]
            .contains(errno)
    }

    /// Returns the system's text with the limit that causes it.
    package static func reason(_ errno: Errno) -> String {
        switch errno {
        case .resourceTemporarilyUnavailable:
            "\(errno) (no more processes and threads: the container's pids.max, or ulimit -u)"
        case .noMemory: "\(errno) (no more memory: the container's memory.max, or ulimit -v)"
        case .tooManyOpenFiles: "\(errno) (no more descriptors: ulimit -n)"
        case .tooManyOpenFilesInSystem: "\(errno) (no more descriptors on the whole machine: fs.file-max)"
        default: "\(errno)"
        }
    }
}
