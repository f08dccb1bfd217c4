import Synchronization

/// Adds up the bytes that the parts of one transfer, or the files of one folder, have moved.
package final class MovedBytes: Sendable {
    private struct Moved {
        var total: Int64 = 0
        var parts: [Int: Int64] = [:]
    }

    private let moved = Mutex(Moved())
    private let report: (@Sendable (Int64) -> Void)?

    /// Creates a counter; `report` receives the sum whenever it changes.
    package init(_ report: (@Sendable (Int64) -> Void)?) { self.report = report }

    /// Sets the total that a part has moved; less than before where the part was restarted.
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
