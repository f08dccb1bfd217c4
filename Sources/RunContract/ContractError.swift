/// The error for a value that does not follow the contract between caasctl and the container.
package struct ContractError: Error, Sendable, Equatable, CustomStringConvertible {
    private let action: String
    /// The reason alone, without the action that failed.
    package let reason: String

    /// Creates an error from the action that failed, including the value, and the reason.
    package init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    /// `cannot <action>: <reason>`.
    package var description: String { "cannot \(action): \(reason)" }
}
