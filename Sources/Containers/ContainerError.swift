public import POSIX

/// Why a process could not be given a file system and namespaces of its own.
public struct ContainerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    public let description: String
    /// The reason alone, for whoever words the rest again.
    public let reason: String

    /// What could not be done, and why.
    public init(_ action: String, _ reason: String) {
        description = "cannot \(action): \(reason)"
        self.reason = reason
    }

    /// A system call that failed says all that there is to say.
    public init(_ error: POSIXError) {
        description = error.description
        reason = "\(error.errno)"
    }
}
