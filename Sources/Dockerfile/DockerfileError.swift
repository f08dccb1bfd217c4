/// A line of a file.
package struct SourcePlace: Sendable, Hashable, CustomStringConvertible {
    /// The file, as its user calls it.
    package let file: String
    /// Counted from 1.
    package let line: Int

    /// A line of a file.
    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `<file>:<line>`.
    package var description: String { "\(file):\(line)" }

    /// A mistake at this place.
    package func error(_ reason: String) -> DockerfileError { DockerfileError("\(self)", reason) }
}

/// What is wrong with a Dockerfile, and in which line.
package struct DockerfileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, with the line where one is known.
    package let place: String
    /// What is wrong there, and what to do about it.
    package let reason: String

    /// A mistake at a place.
    package init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// `cannot read <file>:<line>: <reason>`.
    package var description: String { "cannot read \(place): \(reason)" }
}
