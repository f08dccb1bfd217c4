import POSIX
import Synchronization

/// Watches the losses that a stage prints: training goes on for hours after one is no number any more.
final class LossWatch: Sendable {
    private struct State {
        /// How often in a row each loss was no finite number, by its name.
        var counts: [String: Int] = [:]
        /// When the first loss stopped to be finite, in nanoseconds since 1970; nil while all are.
        var since: Int64?
        var lost: String?
    }

    /// Longer lines are no progress that anybody reads.
    private static let longestLine = 4096

    /// The lines in a row after which the stage is ended, nil for none.
    private let most: Int?
    private let state = Mutex(State())
    /// A name has a bound, since the expression is tried at each letter of a line.
    private let pattern = Mutex(
        #/((?:[A-Za-z][A-Za-z0-9_.\/-]{0,40})?loss)["']?\s*[:=]?\s*["']?([-+]?(?:nan|inf(?:inity)?|[0-9][0-9.,e+-]*))(?![A-Za-z])/#
            .ignoresCase())

    init(most: Int?) { self.most = most }

    /// The loss that was no finite number for too many lines in a row, nil if there is none.
    var lost: String? { state.withLock { $0.lost } }

    /// When a loss stopped to be a finite number, in nanoseconds since 1970; nil while all are.
    ///
    /// What a trainer saves afterwards has the same numbers in it.
    var since: Int64? { state.withLock { $0.since } }

    /// Reads a line.
    func note(_ line: String) {
        // Few lines have the word, and the expression is slow.
        guard let most, line.utf8.count <= Self.longestLine,
            ["oss", "OSS"].contains(where: { line.utf8.firstRange(of: $0.utf8) != nil })
        else { return }
        let found = pattern.withLock { pattern in
            line.matches(of: pattern).map { (name: $0.1.lowercased(), value: $0.2.lowercased()) }
        }
        guard !found.isEmpty else { return }
        state.withLock { state in
            for (name, value) in found {
                let isFinite = value.last.map { "0123456789.".contains($0) } ?? true
                state.counts[name] = isFinite ? nil : state.counts[name, default: 0] + 1
                if state.counts[name] ?? 0 >= most { state.lost = name }
            }
            state.since = state.counts.isEmpty ? nil : state.since ?? SystemClock.nanoseconds
        }
    }
}
