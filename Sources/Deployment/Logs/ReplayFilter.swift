/// Leaves out what a log repeats after the connection to it was lost.
///
/// Whether a new connection begins with the whole log, with its end, or with what is new is not documented, and lines
/// carry no number. So lines are held back as long as they may be a repetition of what was already shown: a run of
/// lines that was seen in this order and goes up to the last one. Of several such runs the longest counts.
struct ReplayFilter {
    private var history: [Int] = []
    /// Where in the history the repetition may have begun, in order; nil once it is known what is new.
    private var starts: [Int]?
    private var held: [String] = []

    /// A new connection begins.
    mutating func reconnect() {
        held = []
        starts = history.isEmpty ? nil : Array(history.indices)
    }

    /// What of the log is new, now that this line came.
    mutating func filter(_ line: String) -> [String] {
        guard let before = starts else {
            history.append(line.hashValue)
            return [line]
        }
        let position = held.count
        held.append(line)
        let hash = line.hashValue
        let alive = before.filter { start in
            let index = start + position
            return index >= history.count || history[index] == hash
        }
        guard let first = alive.first else { return release(from: 0) }
        if first + position >= history.count { return release(from: history.count - first) }
        starts = alive
        return []
    }

    private mutating func release(from index: Int) -> [String] {
        let new = Array(held[index...])
        history.append(contentsOf: new.map(\.hashValue))
        held = []
        starts = nil
        return new
    }
}
