package import Wording

/// A line of a Dockerfile, named in error messages.
package struct SourcePlace: Sendable, Hashable, CustomStringConvertible {
    /// The file name that error messages show.
    package let file: String
    /// The line number, counted from 1.
    package let line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `<file>:<line>`.
    package var description: String { "\(file):\(line)" }

    /// Returns an error in this line: what is wrong, and how to correct it.
    package func error(_ reason: String) -> Failure { Failure(reading: "\(self)", reason) }
}
