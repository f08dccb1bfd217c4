import Synchronization

/// Adds up what the parts of one transfer have moved.
final class TransferProgress: Sendable {
    private let moved: Mutex<[Int: Int64]> = Mutex([:])
    private let report: (@Sendable (Int64) -> Void)?

    init(_ report: (@Sendable (Int64) -> Void)?) { self.report = report }

    /// What a part has moved in all; less than before where it was begun again.
    func update(_ part: Int, _ bytes: Int64) {
        guard let report else { return }
        let total = moved.withLock { moved in
            moved[part] = bytes
            return moved.values.reduce(0, +)
        }
        report(total)
    }
}
