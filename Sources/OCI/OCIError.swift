/// An error in a value that does not follow the OCI specifications.
package struct OCIError: Error, Sendable, Equatable, CustomStringConvertible {
    private let action: String
    private let reason: String

    /// Creates an error from an action with its value, and a reason.
    package init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    /// The message in the form `cannot <do> <thing>: <reason>`.
    package var description: String { "cannot \(action): \(reason)" }
}
