import POSIX

/// Why the sandbox cannot do something.
public struct SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    public let description: String

    /// What could not be done, and why.
    public init(_ action: String, _ reason: String) { description = "cannot \(action): \(reason)" }

    /// Another module's line, which says everything.
    init(copying description: String) { self.description = description }

    /// An error from below in the same words.
    init(_ action: String, _ error: any Error) {
        let text = String(describing: error)
        self.init(action, text)
    }
}
