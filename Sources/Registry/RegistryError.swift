/// An error of an operation on a registry.
package struct RegistryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure, by which callers decide what to do next.
    package enum Code: Sendable, Equatable {
        /// The registry or its token server demands other credentials (401, 403).
        case unauthorized
        /// The image, blob or repository does not exist.
        case notFound
        /// The registry's response does not allow the operation to go on.
        case refused
        /// There was no response: the connection, the name lookup or the certificate failed.
        case unreachable
        /// The content does not match its digest or size.
        case contentMismatch
        /// The image is for other platforms, or of an unsupported type.
        case unsuitable
        /// Something on this machine failed, such as a file or docker's configuration.
        case local
        case cancelled
    }

    package let code: Code
    /// The reason in one line.
    package let reason: String
    /// True if the connection failed in a way that may pass.
    var isTransient = false
    private let action: String

    /// Creates an error of an action such as `push ghcr.io/me/app:1`.
    package init(_ code: Code, _ action: String, _ reason: String) {
        self.code = code
        self.action = action
        self.reason = reason
    }

    /// Creates an error whose action a caller adds with ``during(_:)``.
    init(_ code: Code, _ reason: String) { self.init(code, "", reason) }

    /// Returns the error with the action that it interrupted, unless it already has one.
    func during(_ action: String) -> RegistryError {
        guard self.action.isEmpty else { return self }
        return RegistryError(code, action, reason)
    }

    /// Returns the error with more text added to its reason.
    func adding(_ words: String) -> RegistryError {
        var error = RegistryError(code, action, "\(reason); \(words)")
        error.isTransient = isTransient
        return error
    }

    /// The message, such as `cannot push ghcr.io/me/app:1: reason`.
    package var description: String { action.isEmpty ? reason : "cannot \(action): \(reason)" }
}
