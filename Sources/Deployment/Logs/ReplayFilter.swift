/// Removes the lines that a log repeats after a reconnection.
///
/// The API does not document whether a new connection starts with the whole log, with its end, or with new lines, and
/// lines have no number. So the filter holds lines back while they may repeat lines that were shown before: a sequence
/// of shown lines, in the same order, that ends with the last one. Of several such sequences it takes the longest.
struct ReplayFilter {
    private var history: [Int] = []
    /// The indices in `history` at which the repetition may begin, in order; nil once the filter found the new lines.
    private var starts: [Int]?
    private var held: [String] = []

    /// Starts a new connection.
    mutating func reconnect() {
        held = []
        starts = history.isEmpty ? nil : Array(history.indices)
    }

    /// Returns the new lines of the log after this line arrived.
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
