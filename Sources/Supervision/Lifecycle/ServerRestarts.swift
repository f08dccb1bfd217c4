import Synchronization

/// The policy that decides whether a model server that ended is started again.
struct ServerRestarts {
    /// Maximum number of restarts of a server that never ran for longer than ``longLife``.
    private static let most = 10
    /// A server that was never ready and has ended this often in a row with the same status cannot start.
    private static let mostFailedStarts = 3
    /// In seconds.
    private static let longLife = 300.0
    private static let shortLife = 60.0

    private var count = 0
    private var failedStarts = 0
    private var lastStatus: ExitStatus?
    private var wasEverReady = false

    /// Seconds until the next start.
    var pause: Int { min(30, 1 << min(count, 5)) }

    /// Returns why the server is not started again, nil if it is.
    mutating func refusal(after status: ExitStatus, wasReady: Bool, seconds: Double) -> String? {
        wasEverReady = wasEverReady || wasReady
        count = seconds > Self.longLife ? 0 : count + 1
        let isFailedStart = !wasEverReady && seconds < Self.shortLife
        failedStarts = isFailedStart ? (status == lastStatus ? failedStarts : 0) + 1 : 0
        lastStatus = status
        if failedStarts >= Self.mostFailedStarts {
            return "was never ready and ended \(failedStarts) times within seconds with \(status)"
        }
        return count > Self.most ? "ended \(count) times, last with \(status)" : nil
    }
}

/// The last lines of a process's output, joined to one line.
final class LastOutput: Sendable {
    private static let lines = 3
    private static let longest = 300

    private let kept = Mutex([String]())

    func add(_ line: String) {
        let line = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !line.isEmpty else { return }
        kept.withLock { $0 = ($0 + [String(line.prefix(Self.longest))]).suffix(Self.lines) }
    }

    var text: String { kept.withLock { $0.joined(separator: " | ") } }
}
