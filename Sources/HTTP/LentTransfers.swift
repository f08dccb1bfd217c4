import Synchronization

/// A transfer that a thread carries out which has only what others leave of the processors.
///
/// Whoever waits for it hears of its end from the thread that lent it, as of its progress: the other one may stop at any
/// point, and must hold nothing then that is anybody's.
final class LentTransfer: Sendable {
    enum End: Sendable {
        case answered(Result<HTTPResponse, HTTPError>)
        /// It did not move where it was: whoever wants it sends it anew.
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

/// What the lending thread and those who hand in transfers know of a thread that yields.
final class LendingState: Sendable {
    /// After it was found without a processor nothing is begun on it for so long.
    private static let rest = Duration.seconds(30)

    private let restsUntil = Mutex<ContinuousClock.Instant?>(nil)
    /// True where nothing may wait for what others leave any more.
    let isHurried = Atomic(false)

    var isResting: Bool { restsUntil.withLock { $0.map { $0 > .now } ?? false } }
    func beginRest() { restsUntil.withLock { $0 = .now + Self.rest } }
}

/// The transfers that an engine has lent to another, on the lending engine's thread.
struct LentTransfers {
    /// How long a thread that is asked for a sign of life may fail to give one.
    private static let patience = 3
    private static let interval = Duration.seconds(1)
    /// The same where everybody is in a hurry.
    private static let hurriedPatience = 2
    private static let hurriedInterval = Duration.milliseconds(250)

    private var transfers: [ObjectIdentifier: (lent: LentTransfer, told: Int64)] = [:]
    private var asked = ContinuousClock.now
    private var silences = 0

    var isEmpty: Bool { transfers.isEmpty }

    /// Milliseconds until the next look.
    func wait(_ state: LendingState) -> Int32 {
        !isEmpty && state.isHurried.load(ordering: .relaxed) ? 250 : 1000
    }

    mutating func add(_ lent: LentTransfer) {
        // Whoever wanted it was cancelled before it got here.
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

    /// Hands on how a transfer ended, unless that was said before.
    mutating func end(_ lent: LentTransfer, _ result: Result<HTTPResponse, HTTPError>) {
        tell(lent)
        guard transfers.removeValue(forKey: ObjectIdentifier(lent)) != nil else { return }
        lent.end(.answered(result))
    }

    /// Ends a transfer for whoever waits for it, whenever the thread that has it comes to hear of that.
    mutating func takeBack(_ lent: LentTransfer, _ end: LentTransfer.End) {
        lent.transfer.abandon()
        guard transfers.removeValue(forKey: ObjectIdentifier(lent)) != nil else { return }
        lent.engine.cancel(lent.transfer)
        lent.end(end)
    }

    /// Tells how far the transfers are, and takes all of them back from a thread that gives no sign of life.
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
