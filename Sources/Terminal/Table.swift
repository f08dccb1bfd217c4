private import Wording

/// A table for users, with columns as wide as their widest cell; programs should use `--json`.
package struct Table: Sendable, CustomStringConvertible {
    private var rows: [[String]]

    /// Creates a table with headings.
    package init(_ headings: String...) { rows = [headings] }

    package mutating func append(_ cells: String...) { rows.append(cells.map(VisibleText.line)) }

    /// The rows, each followed by a line break.
    package var description: String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        let lines = rows.map { row in
            row.enumerated().map { column, cell in
                column + 1 == row.count ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined()
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
