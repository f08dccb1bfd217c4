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

    /// Returns an error whose place is this line.
    package func error(_ reason: String) -> DockerfileError { DockerfileError("\(self)", reason) }
}

/// A mistake in a Dockerfile, with the line where it is known.
package struct DockerfileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file name, followed by `:<line>` if the line is known.
    package let place: String
    /// What is wrong, and how to correct it.
    package let reason: String

    package init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// `cannot read <file>:<line>: <reason>`.
    package var description: String { "cannot read \(place): \(reason)" }
}
