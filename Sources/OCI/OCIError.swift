/// Why a value does not follow the OCI specifications.
public struct OCIError: Error, Sendable, Equatable, CustomStringConvertible {
    private let action: String
    private let reason: String

    /// What could not be done with which value, and why.
    public init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    /// `cannot <do> <thing>: <reason>`.
    public var description: String { "cannot \(action): \(reason)" }
}
