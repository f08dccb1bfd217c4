import NIOCore

/// Limits on external connections, so that the run itself never lacks a file descriptor.
struct ConnectionLimits: Sendable, Hashable {
    /// Descriptors that uploads, scans and the log may need at once.
    private static let reserved = 192

    /// Maximum number of connections that PID 1 answers itself, one descriptor each.
    let pages: Int
    /// Maximum number of connections to the model, two descriptors each.
    let relays: Int

    /// Creates limits for a total number of descriptors.
    init(descriptors: Int) {
        let share = max(8, (descriptors - Self.reserved) / 3)
        pages = min(256, share)
        relays = min(256, share)
    }
}

/// All connections of the page server's single event loop; use it only on that loop.
///
/// A full table still admits a new connection by closing the oldest one whose request is not complete yet.
final class ConnectionTable {
    /// Maximum time from the beginning of a connection to the end of its request's head.
    static let headPatience = TimeAmount.seconds(10)
    /// Maximum time during which a client reads nothing of its response.
    static let answerPatience = TimeAmount.seconds(30)
    /// Time for which input is still read after the response: closing at once would reset the response in transit.
    static let lingering = TimeAmount.seconds(2)
    /// Maximum time without traffic between a client and the model, which may be silent while it computes.
    static let relayPatience = TimeAmount.minutes(10)
    /// Maximum time without traffic on a WebSocket connection.
    static let tunnelPatience = TimeAmount.hours(1)
    /// If all places are taken, a connection without traffic for this time gives way to a new one.
    static let yieldingAge = TimeAmount.seconds(60)

    let limits: ConnectionLimits
    private var pages: [ObjectIdentifier: ConnectionHandler] = [:]
    private var relays: [ObjectIdentifier: Relay] = [:]
    private var viewers: [ObjectIdentifier: ConnectionHandler] = [:]
    private let feed: StateFeed
    private let runState: RunState
    private var silentTicks = 0

    init(_ limits: ConnectionLimits, _ site: LiveSite) {
        self.limits = limits
        runState = site.runState
        feed = StateFeed(runState: site.runState, log: site.log)
    }

    /// Adds a viewer and returns the whole state for it; nil where there are too many.
    func admit(viewer: ConnectionHandler) -> [UInt8]? {
        guard viewers.count < limits.pages / 2 else { return nil }
        let whole = feed.whole(fresh: viewers.isEmpty)
        viewers[ObjectIdentifier(viewer)] = viewer
        runState.setViewers(viewers.count)
        return whole
    }

    /// Sends what has changed to all viewers; call it about every second.
    func tick() {
        guard !viewers.isEmpty else { return }
        var event = feed.tick()
        silentTicks = event == nil ? silentTicks + 1 : 0
        // A comment, so that a proxy keeps the connection and a viewer knows that it lives.
        if silentTicks >= 15 { (event, silentTicks) = (Array(":\n\n".utf8), 0) }
        guard let event else { return }
        for viewer in viewers.values { viewer.send(event) }
    }

    /// Makes room for a new connection; returns false if all others are being answered.
    func admit(_ handler: ConnectionHandler) -> Bool {
        if pages.count >= limits.pages {
            let oldest = pages.values.filter(\.mayYield).min { $0.order < $1.order }
            guard let oldest else { return false }
            // Removed at once, since closing may take until the next turn of the event loop.
            remove(oldest)
            oldest.cutOff()
        }
        pages[ObjectIdentifier(handler)] = handler
        return true
    }

    func remove(_ handler: ConnectionHandler) {
        pages[ObjectIdentifier(handler)] = nil
        if viewers.removeValue(forKey: ObjectIdentifier(handler)) != nil { runState.setViewers(viewers.count) }
    }

    /// Makes room for a new connection to the model; returns false if all others have recent traffic.
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

    /// Closes connections that have exceeded their time; call it about every second.
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
