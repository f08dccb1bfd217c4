private import TerminalText

/// Rows in columns as wide as their widest cell, for people; programs take `--json`.
package struct Table: Sendable, CustomStringConvertible {
    private var rows: [[String]]

    /// A table that begins with these headings.
    package init(_ headings: String...) { rows = [headings] }

    /// Adds a row.
    package mutating func append(_ cells: String...) { rows.append(cells.map(VisibleText.line)) }

    /// Every row on a line of its own, the last one too.
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
