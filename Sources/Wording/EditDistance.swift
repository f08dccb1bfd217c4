/// The number of edits that turn one word into another.
package enum EditDistance {
    /// Who mistypes a word types one of about its length; a longer one, which nobody has typed, is compared with none.
    private static let longest = 256

    /// The known word that was probably meant, nil where none is near.
    package static func nearest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= longest else { return nil }
        let distances = known.filter { $0.utf8.count <= longest }
            .map { ($0, between(word.lowercased(), $0.lowercased())) }
        // Of two that are equally near, the one of the same length: letters are swapped more often than left out.
        func rank(_ item: (String, Int)) -> (Int, Int) { (item.1, abs(item.0.count - word.count)) }
        guard let best = distances.min(by: { rank($0) < rank($1) }) else { return nil }
        return best.1 <= max(2, word.count / 3) && best.1 < best.0.count ? best.0 : nil
    }

    /// Returns the number of insertions, deletions, replacements and swaps of neighbours.
    package static func between(_ left: String, _ right: String) -> Int {
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
