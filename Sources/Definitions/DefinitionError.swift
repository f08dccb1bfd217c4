/// An error in a definition file, with its file and line.
package struct DefinitionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, with the line or the command line option if it is known.
    package let place: String
    /// The reason, with advice on how to fix it.
    package let reason: String

    package init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// The message in the form `cannot read <file>:<line>: <reason>`.
    package var description: String { "cannot read \(place): \(reason)" }
}
