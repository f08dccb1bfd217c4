import JSON
import RunContract
import Timestamps

/// The state of a run as the page reads it: once as a whole, then what changes.
///
/// Every viewer gets the same bytes, so that a hundred of them cost hardly more than one. Use it only on the page server's
/// event loop.
final class StateFeed {
    private static let mostLines = 500
    private static let mostLinesAtOnce = 1000

    private let runState: RunState
    private let log: RunLog
    /// The state that all viewers have.
    private var shown: RunState.Snapshot
    private var members: [String: JSONValue] = [:]
    private var lines: Int

    init(runState: RunState, log: RunLog) {
        self.runState = runState
        self.log = log
        shown = runState.snapshot
        lines = log.lines(after: .max).total
        members = PageState.members(of: shown)
    }

    /// Returns the whole state as an event; with `fresh` as it is now, else as all other viewers have it.
    func whole(fresh: Bool) -> [UInt8] {
        if fresh { _ = advance() }
        var json = members
        json["series"] = .object(shown.series.mapValues { .array(PageState.ordered($0).map(PageState.json)) })
        let unseen = log.lines(after: lines).lines.count
        let tail = log.tail(Self.mostLines + unseen).dropLast(unseen).suffix(Self.mostLines)
        json["log"] = .array(tail.map(\.json))
        json["now"] = .string(Timestamp.now().rfc3339)
        return Self.event("state", json)
    }

    /// Returns what has changed since the last call as an event, nil where nothing has.
    func tick() -> [UInt8]? {
        let changes = advance()
        return changes.isEmpty ? nil : Self.event("tick", changes)
    }

    private func advance() -> [String: JSONValue] {
        let now = runState.snapshot
        let fresh = PageState.members(of: now)
        var changes = fresh.filter { members[$0.key] != $0.value }
        var points: [String: JSONValue] = [:]
        for (name, count) in now.recorded {
            let new = count - (shown.recorded[name] ?? 0)
            guard new > 0, let series = now.series[name] else { continue }
            points[name] = .array(PageState.ordered(series).suffix(new).map(PageState.json))
        }
        if !points.isEmpty { changes["points"] = .object(points) }
        let (added, total) = log.lines(after: lines)
        if !added.isEmpty { changes["lines"] = .array(added.suffix(Self.mostLinesAtOnce).map(\.json)) }
        (shown, members, lines) = (now, fresh, total)
        return changes
    }

    /// Returns an event in its form. <https://html.spec.whatwg.org/multipage/server-sent-events.html>
    private static func event(_ name: String, _ members: [String: JSONValue]) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + JSONValue.object(members).encoded() + Array("\n\n".utf8)
    }
}
