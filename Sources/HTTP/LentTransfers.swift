import Synchronization

/// A transfer that an engine has lent to one at idle priority.
///
/// The lending thread reports its progress and its end: the other thread may stop at any point, and must not hold
/// anything then that other threads need.
final class LentTransfer: Sendable {
    enum End: Sendable {
        case answered(Result<HTTPResponse, HTTPError>)
        /// The transfer made no progress; the caller sends the request again elsewhere.
        case abandoned
    }

    let transfer: Transfer
    let engine: TransferEngine
    private let onEnd: @Sendable (End) -> Void

    init(_ transfer: Transfer, to engine: TransferEngine, onEnd: @escaping @Sendable (End) -> Void) {
        self.transfer = transfer
        self.engine = engine
        self.onEnd = onEnd
    }

    func end(_ end: End) { onEnd(end) }
}

/// The state of an idle-priority thread, shared by the lending thread and the callers.
final class LendingState: Sendable {
    /// How long no transfer is started on the thread after it got no processor time.
    private static let rest = Duration.seconds(30)

    private let restsUntil = Mutex<ContinuousClock.Instant?>(nil)
    /// True where transfers may no longer wait for idle processor time.
    let isHurried = Atomic(false)

    var isResting: Bool { restsUntil.withLock { $0.map { $0 > .now } ?? false } }
    func beginRest() { restsUntil.withLock { $0 = .now + Self.rest } }
}

/// The transfers that an engine has lent to another; used on the lending engine's thread only.
struct LentTransfers {
    /// How many intervals a thread may leave a liveness check unanswered.
    private static let patience = 3
    private static let interval = Duration.seconds(1)
    /// The same values once the client has left the background.
    private static let hurriedPatience = 2
    private static let hurriedInterval = Duration.milliseconds(250)

    private var transfers: [ObjectIdentifier: (lent: LentTransfer, told: Int64)] = [:]
    private var asked = ContinuousClock.now
    private var silences = 0

    var isEmpty: Bool { transfers.isEmpty }

    /// Returns the milliseconds until the next look.
    func wait(_ state: LendingState) -> Int32 {
        !isEmpty && state.isHurried.load(ordering: .relaxed) ? 250 : 1000
    }

    mutating func add(_ lent: LentTransfer) {
        // The caller was cancelled before the order was processed.
        guard !lent.transfer.isAbandoned else {
            lent.transfer.onEnd = nil
            return lent.end(.answered(.failure(lent.transfer.cancellation)))
        }
        if isEmpty {
            (asked, silences) = (.now, 0)
            lent.engine.ask()
        }
        transfers[ObjectIdentifier(lent)] = (lent, 0)
        lent.engine.add(lent.transfer)
    }

    /// Reports the result of a transfer, unless it has ended before.
    mutating func end(_ lent: LentTransfer, _ result: Result<HTTPResponse, HTTPError>) {
        tell(lent)
        guard transfers.removeValue(forKey: ObjectIdentifier(lent)) != nil else { return }
        lent.end(.answered(result))
    }

    /// Ends a transfer for its caller at once; the other thread drops it whenever it next runs.
    mutating func takeBack(_ lent: LentTransfer, _ end: LentTransfer.End) {
        lent.transfer.abandon()
        guard transfers.removeValue(forKey: ObjectIdentifier(lent)) != nil else { return }
        lent.engine.cancel(lent.transfer)
        lent.end(end)
    }

    /// Reports the transfers' progress, and takes all of them back from a thread that fails the liveness checks.
    mutating func look(_ state: LendingState) {
        for (lent, _) in transfers.values { tell(lent) }
        let isHurried = state.isHurried.load(ordering: .relaxed)
        let now = ContinuousClock.now
        guard let engine = transfers.values.first?.lent.engine,
            now - asked >= (isHurried ? Self.hurriedInterval : Self.interval)
        else { return }
        silences = engine.hasAnswered ? 0 : silences + 1
        guard silences < (isHurried ? Self.hurriedPatience : Self.patience) else {
            state.beginRest()
            silences = 0
            for (lent, _) in transfers.values { takeBack(lent, .abandoned) }
            return
        }
        asked = now
        if silences == 0 { engine.ask() }
    }

    private mutating func tell(_ lent: LentTransfer) {
        let sent = lent.transfer.sentSoFar.load(ordering: .relaxed)
        guard let known = transfers[ObjectIdentifier(lent)], known.told != sent else { return }
        transfers[ObjectIdentifier(lent)] = (lent, sent)
        lent.transfer.request.onUpload?(sent)
    }
}
