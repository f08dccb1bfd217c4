import Synchronization

/// Orders for a transfer thread, which anybody hands in and nobody waits to.
///
/// A thread that gets only what others leave may stop between any two instructions for as long as they do not rest: a lock
/// would make all who want it wait as long. So it is a list whose head is exchanged, and only as a whole is it taken.
final class EngineMailbox: Sendable {
    // Whoever adds it is the only one who knows it until it is the newest, and then whoever takes it is.
    private final class Entry: @unchecked Sendable {
        let order: TransferEngine.Order
        var next: Unmanaged<Entry>?
        init(_ order: TransferEngine.Order) { self.order = order }
    }

    private let newest = Atomic<Unmanaged<Entry>?>(nil)

    deinit { _ = takeAll() }

    func add(_ order: TransferEngine.Order) {
        let entry = Unmanaged.passRetained(Entry(order))
        var seen = newest.load(ordering: .relaxed)
        while true {
            // Nobody else knows the entry before it is the newest.
            entry._withUnsafeGuaranteedRef { $0.next = seen }
            let (isDone, now) = newest.compareExchange(expected: seen, desired: entry, ordering: .acquiringAndReleasing)
            if isDone { return }
            seen = now
        }
    }

    /// All orders, the oldest first; they are gone from here.
    func takeAll() -> [TransferEngine.Order] {
        var orders: [TransferEngine.Order] = []
        var next = newest.exchange(nil, ordering: .acquiringAndReleasing)
        while let entry = next?.takeRetainedValue() {
            orders.append(entry.order)
            next = entry.next
        }
        return orders.reversed()
    }
}
