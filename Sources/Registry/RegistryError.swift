/// Why something could not be done with a registry.
package struct RegistryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, for those who decide what to do next.
    package enum Code: Sendable, Equatable {
        /// The registry or its token server wants other credentials (401, 403).
        case unauthorized
        /// There is no such image, blob or repository.
        case notFound
        /// The registry answered something else than was needed.
        case refused
        /// No answer came: the connection, the name or the certificate failed.
        case unreachable
        /// The content is not what its digest and size say.
        case contentMismatch
        /// The image is for other platforms, or of a kind that we do not know.
        case unsuitable
        /// Something on this machine failed: a file, or docker's configuration.
        case local
        /// The task was cancelled.
        case cancelled
    }

    /// What went wrong.
    package let code: Code
    /// Why, in one line.
    package let reason: String
    /// True where the connection failed in a way that may pass.
    var isTransient = false
    private let action: String

    /// An error of an action such as `push ghcr.io/me/app:1`.
    package init(_ code: Code, _ action: String, _ reason: String) {
        self.code = code
        self.action = action
        self.reason = reason
    }

    /// An error whose action is known further up.
    init(_ code: Code, _ reason: String) { self.init(code, "", reason) }

    /// The same error, with the action that it ended.
    func during(_ action: String) -> RegistryError {
        guard self.action.isEmpty else { return self }
        return RegistryError(code, action, reason)
    }

    /// The same error with more that helps to understand it.
    func adding(_ words: String) -> RegistryError {
        var error = RegistryError(code, action, "\(reason); \(words)")
        error.isTransient = isTransient
        return error
    }

    /// `cannot push ghcr.io/me/app:1: reason`.
    package var description: String { action.isEmpty ? reason : "cannot \(action): \(reason)" }
}
