/// The keys of a mapping, each of them known.
struct YAMLFields {
    let value: YAMLValue
    private let fields: [String: YAMLValue]

    /// Refuses a key that is not in `known`, and names the one that was probably meant.
    init(_ value: YAMLValue, known: [String]) throws(DefinitionError) {
        self.value = value
        var fields: [String: YAMLValue] = [:]
        for entry in try value.entries() {
            guard known.contains(entry.key) else {
                let place = value.path.isEmpty ? "" : " in \(value.path)"
                throw DefinitionError(
                    entry.place, "unknown key '\(entry.key)'\(place)\(Self.suggestion(for: entry.key, among: known))")
            }
            fields[entry.key] = entry.value
        }
        self.fields = fields
    }

    /// The value of a key, nil where it is not there.
    subscript(key: String) -> YAMLValue? { fields[key] }

    /// The value of a key that must be there.
    func required(_ key: String) throws(DefinitionError) -> YAMLValue {
        guard let field = fields[key] else {
            throw value.error("'\(key)' is missing\(value.path.isEmpty ? "" : " in \(value.path)")")
        }
        return field
    }

    /// Reads the value of a key where it is there.
    func read<Value>(
        _ key: String, _ body: (YAMLValue) throws(DefinitionError) -> Value
    ) throws(DefinitionError) -> Value? {
        guard let field = fields[key] else { return nil }
        return try body(field)
    }

    static func suggestion(for word: String, among known: [String]) -> String {
        if let nearest = EditDistance.nearest(to: word, among: known) { return "; did you mean '\(nearest)'?" }
        return known.count <= 8 ? "; known are \(known.joined(separator: ", "))" : ""
    }
}

/// How many letters must change to make one word of another.
enum EditDistance {
    /// The known word that was probably meant, nil where none is near.
    static func nearest(to word: String, among known: [String]) -> String? {
        let distances = known.map { ($0, between(word.lowercased(), $0.lowercased())) }
        // Of two that are equally near, the one of the same length: letters are swapped more often than left out.
        func rank(_ item: (String, Int)) -> (Int, Int) { (item.1, abs(item.0.count - word.count)) }
        guard let best = distances.min(by: { rank($0) < rank($1) }) else { return nil }
        return best.1 <= max(2, word.count / 3) && best.1 < best.0.count ? best.0 : nil
    }

    /// Insertions, deletions, replacements and swaps of neighbours.
    static func between(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var cost = min(rows[i][j] + (left[i] == right[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, rows[i - 1][j - 1] + 1)
                }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
