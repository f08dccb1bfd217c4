package import POSIX

/// Why a process could not be given a file system and namespaces of its own.
package struct ContainerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    package let description: String
    /// The reason alone, for whoever words the rest again.
    package let reason: String

    /// What could not be done, and why.
    package init(_ action: String, _ reason: String) {
        description = "cannot \(action): \(reason)"
        self.reason = reason
    }

    /// A system call that failed says all that there is to say.
    package init(_ error: POSIXError) {
        description = error.description
        reason = "\(error.errno)"
    }
}
