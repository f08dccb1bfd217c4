import POSIX

/// Why the sandbox cannot do something.
package struct SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    package let description: String

    /// What could not be done, and why.
    package init(_ action: String, _ reason: String) { description = "cannot \(action): \(reason)" }

    /// Another module's line, which says everything.
    init(copying description: String) { self.description = description }

    /// An error from below in the same words.
    init(_ action: String, _ error: any Error) {
        let text = String(describing: error)
        self.init(action, text)
    }
}
