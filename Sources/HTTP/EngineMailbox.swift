import Synchronization

/// A lock-free queue of orders for a transfer thread; adding one never waits.
///
/// A thread at idle priority may stop between any two instructions for as long as the machine is busy. If it held a
/// lock, every other thread that needs the lock would wait as long. The queue is therefore a linked list: its head is
/// replaced by atomic exchange, and the list is only taken as a whole.
final class EngineMailbox: Sendable {
    // Only the adding thread can reach an entry until it is the newest, and afterwards only the thread that takes the
    // list.
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
            // No other thread can reach the entry before it is the newest.
            entry._withUnsafeGuaranteedRef { $0.next = seen }
            let (isDone, now) = newest.compareExchange(expected: seen, desired: entry, ordering: .acquiringAndReleasing)
            if isDone { return }
            seen = now
        }
    }

    /// Removes all orders and returns them, the oldest first.
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
