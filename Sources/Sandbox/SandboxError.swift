import POSIX

/// An error of the sandbox.
package struct SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The message, as `cannot <action>: <reason>`.
    package let description: String

    package init(_ action: String, _ reason: String) { description = "cannot \(action): \(reason)" }

    /// Takes the complete message of another module's error.
    init(copying description: String) { self.description = description }

    /// Adds the action to another error's message.
    init(_ action: String, _ error: any Error) {
        let text = String(describing: error)
        self.init(action, text)
    }
}
