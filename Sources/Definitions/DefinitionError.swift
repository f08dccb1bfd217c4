/// What is wrong with a definition, and in which line of which file.
public struct DefinitionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, with the line or the option where one is known.
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
