import Synchronization

/// The lines that a stage has printed since its last progress, in which the cause of a failure is.
final class StageTail: Sendable {
    /// Each of many ranks prints a traceback.
    private static let most = 2000
    private static let longestLine = 2000

    private let lines = Mutex<[String]>([])

    /// Adds a line; a line that tells a step ends everything before it.
    func add(_ line: String, isProgress: Bool) {
        lines.withLock { lines in
            if isProgress { lines.removeAll(keepingCapacity: true) }
            lines.append(String(line.prefix(Self.longestLine)))
            if lines.count > Self.most { lines.removeFirst(lines.count - Self.most / 2) }
        }
    }

    /// The lines, the oldest first.
    var all: [String] { lines.withLock { $0 } }
}
