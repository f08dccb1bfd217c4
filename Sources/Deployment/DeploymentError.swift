/// An error of a run or of the cloud that it runs in.
package struct DeploymentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure, by which a caller decides what to do next.
    package enum Code: Sendable, Equatable {
        /// The provider does not accept the API key.
        case unauthorized
        /// The provider, the bucket or the ledger does not have it.
        case notFound
        /// The provider refused the request.
        case refused
        /// The provider did not answer, and certainly did nothing.
        case unreachable
        /// The request may have been carried out, but its answer was lost.
        case lostAnswer
        /// The answer does not match the API's documentation.
        case unexpectedAnswer
        /// The request cannot be satisfied, or its parts do not fit together.
        case unsuitable
        /// The price exceeds the budget.
        case tooExpensive
        /// The run's result is not verified in the bucket.
        case unverified
        /// A file or setting of this machine is the cause.
        case local
        case cancelled
    }

    package let code: Code
    /// The action that failed, such as `deploy demo`.
    package let action: String
    /// The cause, and the remedy where there is one.
    package let reason: String

    package init(_ code: Code, _ action: String, _ reason: String) {
        self.code = code
        self.action = action
        self.reason = reason
    }

    /// Throws the failures of several parts of an action as one error; does nothing where there is none.
    package static func raise(_ failures: [DeploymentError], _ action: String) throws(DeploymentError) {
        guard let first = failures.first else { return }
        guard failures.count > 1 else { throw first }
        throw DeploymentError(first.code, action, failures.map(\.description).joined(separator: "; "))
    }

    /// The message, as `cannot <action>: <reason>`.
    package var description: String { "cannot \(action): \(reason)" }
}
