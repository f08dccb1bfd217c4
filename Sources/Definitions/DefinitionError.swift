/// What is wrong with a definition, and in which line of which file.
package struct DefinitionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, with the line or the option where one is known.
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
