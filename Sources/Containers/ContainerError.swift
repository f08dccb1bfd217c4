package import POSIX

/// A failure to set up a process with its own root file system and namespaces.
package struct ContainerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    package let description: String
    /// The reason alone, for callers that write their own message around it.
    package let reason: String

    /// Creates an error from the action that failed and the reason.
    package init(_ action: String, _ reason: String) {
        description = "cannot \(action): \(reason)"
        self.reason = reason
    }

    /// Wraps a failed system call, whose description is already complete.
    package init(_ error: POSIXError) {
        description = error.description
        reason = "\(error.errno)"
    }
}
