import NIOCore

/// How many strangers' connections there may be, so that the run itself never lacks a descriptor.
struct ConnectionLimits: Sendable, Hashable {
    /// What uploads, scans and the log may need at once.
    private static let reserved = 192

    /// Connections that we answer ourselves, one descriptor each.
    let pages: Int
    /// Those that go to the model, two descriptors each.
    let relays: Int

    /// Limits below so many descriptors in all.
    init(descriptors: Int) {
        let share = max(8, (descriptors - Self.reserved) / 3)
        pages = min(256, share)
        relays = min(256, share)
    }
}

/// All connections of the page's one event loop, on which alone this is used: who waits for what, and since when.
///
/// Whoever connects is let in: where it is full, somebody goes who has not said yet what he wants.
final class ConnectionTable {
    /// From a connection's begin to the end of its request's head.
    static let headPatience = TimeAmount.seconds(10)
    /// A client that takes nothing of its answer for so long is cut off.
    static let answerPatience = TimeAmount.seconds(30)
    /// For a moment what a client still sends is read: closing at once would reset the answer on its way.
    static let lingering = TimeAmount.seconds(2)
    /// Nothing moves between a client and the model for so long; who computes an answer may say nothing for a while.
    static let relayPatience = TimeAmount.minutes(10)
    /// The same once both have agreed on WebSocket.
    static let tunnelPatience = TimeAmount.hours(1)
    /// Where all places are taken, one where nothing has moved for so long is given to the next.
    static let yieldingAge = TimeAmount.seconds(60)

    let limits: ConnectionLimits
    private var pages: [ObjectIdentifier: ConnectionHandler] = [:]
    private var relays: [ObjectIdentifier: Relay] = [:]

    init(_ limits: ConnectionLimits) { self.limits = limits }

    /// Makes room for a new connection; false where there is none, since all others are being answered.
    func admit(_ handler: ConnectionHandler) -> Bool {
        if pages.count >= limits.pages {
            let oldest = pages.values.filter(\.mayYield).min { $0.order < $1.order }
            guard let oldest else { return false }
            // Off the table at once: closing may take until the next turn of the loop.
            remove(oldest)
            oldest.cutOff()
        }
        pages[ObjectIdentifier(handler)] = handler
        return true
    }

    func remove(_ handler: ConnectionHandler) { pages[ObjectIdentifier(handler)] = nil }

    /// The same for a connection that is to go to the model.
    func admit(_ relay: Relay, _ now: NIODeadline) -> Bool {
        if relays.count >= limits.relays {
            let idlest = relays.values.filter { $0.mayYield(now) }.min { $0.lastMove < $1.lastMove }
            guard let idlest else { return false }
            remove(idlest)
            idlest.cutOff()
        }
        relays[ObjectIdentifier(relay)] = relay
        return true
    }

    func remove(_ relay: Relay) { relays[ObjectIdentifier(relay)] = nil }

    /// Cuts off whoever has used up his time; to be called about every second.
    func sweep(_ now: NIODeadline) {
        for handler in pages.values where handler.isOverdue(now) {
            remove(handler)
            handler.cutOff()
        }
        for relay in relays.values where relay.isOverdue(now) {
            remove(relay)
            relay.cutOff()
        }
    }
}
