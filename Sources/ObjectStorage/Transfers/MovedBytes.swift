import Synchronization

/// Adds up what the parts of one transfer have moved, or the files of one folder.
package final class MovedBytes: Sendable {
    private struct Moved {
        var total: Int64 = 0
        var parts: [Int: Int64] = [:]
    }

    private let moved = Mutex(Moved())
    private let report: (@Sendable (Int64) -> Void)?

    /// `report` hears the sum whenever it changes.
    package init(_ report: (@Sendable (Int64) -> Void)?) { self.report = report }

    /// What a part has moved in all; less than before where it was begun again.
    package func update(_ part: Int, _ bytes: Int64) {
        guard let report else { return }
        let total = moved.withLock { moved in
            moved.total += bytes - moved.parts[part, default: 0]
            moved.parts[part] = bytes
            return moved.total
        }
        report(total)
    }
}
