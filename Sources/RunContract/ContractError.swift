/// Why a value that caasctl and the container exchange is not what they agreed on.
package struct ContractError: Error, Sendable, Equatable, CustomStringConvertible {
    private let action: String
    /// Why, without what could not be done.
    package let reason: String

    /// What could not be done with which value, and why.
    package init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    /// `cannot <do> <thing>: <reason>`.
    package var description: String { "cannot \(action): \(reason)" }
}
