/// Why something could not be done with a run or with the cloud that it runs in.
package struct DeploymentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, for those who decide what to do next.
    package enum Code: Sendable, Equatable {
        /// The provider does not take the key.
        case unauthorized
        /// There is no such thing at the provider, in the bucket or in the ledger.
        case notFound
        /// The provider said no.
        case refused
        /// The provider gave no answer, and surely did nothing.
        case unreachable
        /// No answer came to a request that may have been carried out.
        case lostAnswer
        /// The answer is not what the API's documents say.
        case unexpectedAnswer
        /// What was asked for is not to be had, or does not go together.
        case unsuitable
        /// It would cost more than the budget.
        case tooExpensive
        /// The result of the run is not verified in the bucket.
        case unverified
        /// Something on this machine: a file, a setting.
        case local
        /// The task was cancelled.
        case cancelled
    }

    /// What went wrong.
    package let code: Code
    /// What could not be done.
    package let action: String
    /// Why, and what to do about it.
    package let reason: String

    /// An error of an action such as `deploy demo`.
    package init(_ code: Code, _ action: String, _ reason: String) {
        self.code = code
        self.action = action
        self.reason = reason
    }

    /// `cannot <do> <thing>: <reason>`.
    package var description: String { "cannot \(action): \(reason)" }
}
