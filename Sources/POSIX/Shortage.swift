private import CLinux
private import Synchronization
package import SystemPackage

/// What is to be known of a system that has no more of something: which limit that is, and that somebody waits for it.
package enum Shortage {
    private struct State {
        var listener: (@Sendable (String) -> Void)?
        var said: [String: ContinuousClock.Instant] = [:]
    }

    /// Who waits on says so again after this long.
    private static let silence = Duration.seconds(20)
    private static let state = Mutex(State())

    /// From now on this is told what is missing.
    package static func listen(_ listener: @escaping @Sendable (String) -> Void) {
        state.withLock { $0.listener = listener }
    }

    /// Says that something is tried again, at once and then every 20 seconds; waiting for it in between is the caller's part.
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

    /// True for what may pass: others give back threads, processes, descriptors and memory.
    package static func isShortage(_ errno: Errno) -> Bool {
        [.resourceTemporarilyUnavailable, .noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace]
            .contains(errno)
    }

    /// The system's words and the limit that stands behind them.
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
