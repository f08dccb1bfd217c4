/// Why a value does not follow the OCI specifications.
package struct OCIError: Error, Sendable, Equatable, CustomStringConvertible {
    private let action: String
    private let reason: String

    /// What could not be done with which value, and why.
    package init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    /// `cannot <do> <thing>: <reason>`.
    package var description: String { "cannot \(action): \(reason)" }
}
