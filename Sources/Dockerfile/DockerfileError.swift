/// A line of a file.
public struct SourcePlace: Sendable, Hashable, CustomStringConvertible {
    /// The file, as its user calls it.
    public let file: String
    /// Counted from 1.
    public let line: Int

    /// A line of a file.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `<file>:<line>`.
    public var description: String { "\(file):\(line)" }

    /// A mistake at this place.
    public func error(_ reason: String) -> DockerfileError { DockerfileError("\(self)", reason) }
}

/// What is wrong with a Dockerfile, and in which line.
public struct DockerfileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, with the line where one is known.
    public let place: String
    /// What is wrong there, and what to do about it.
    public let reason: String

    /// A mistake at a place.
    public init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// `cannot read <file>:<line>: <reason>`.
    public var description: String { "cannot read \(place): \(reason)" }
}
