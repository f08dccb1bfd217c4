/// Why a value that caasctl and the container exchange is not what they agreed on.
public struct ContractError: Error, Sendable, Equatable, CustomStringConvertible {
    private let action: String
    /// Why, without what could not be done.
    public let reason: String

    /// What could not be done with which value, and why.
    public init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    /// `cannot <do> <thing>: <reason>`.
    public var description: String { "cannot \(action): \(reason)" }
}
