/// What could not be done, and why: the error of every module whose callers do not branch on the kind of an error.
package struct Failure: Error, Sendable, CustomStringConvertible {
    /// The action with its object, such as `read caas.yaml:3`; nil where the reason is a whole message.
    package let action: String?
    /// The reason, and what to do about it.
    package let reason: String
    /// The error behind it, for callers that branch on its kind.
    package let cause: (any Error)?

    package init(_ action: String, _ reason: String, cause: (any Error)? = nil) {
        self.action = action
        self.reason = reason
        self.cause = cause
    }

    /// Creates the error of an action that another error ended, whose message is the reason.
    package init(_ action: String, _ cause: any Error) { self.init(action, "\(cause)", cause: cause) }

    /// Creates an error in a document, at a file with its line or at a command line option.
    package init(reading place: String, _ reason: String) { self.init("read \(place)", reason) }

    /// Creates an error from the complete message of another one, such as that of another process.
    package init(message: String, cause: (any Error)? = nil) {
        action = nil
        reason = message
        self.cause = cause
    }

    /// The message in the form `cannot <action>: <reason>`.
    package var description: String { action.map { "cannot \($0): \(reason)" } ?? reason }

    /// Returns the reason of an error without the action that failed, for a message that names another action.
    package static func reason(of error: any Error) -> String { (error as? Failure)?.reason ?? "\(error)" }
}

extension Failure: Equatable {
    /// True if both have the same message.
    package static func == (one: Failure, other: Failure) -> Bool {
        one.action == other.action && one.reason == other.reason
    }
}

/// Runs a part of an action, whose name then stands in place of the part's in an error.
package func attempt<Value: ~Copyable>(_ action: String, _ part: () throws -> Value) throws -> Value {
    do { return try part() } catch { throw Failure(action, Failure.reason(of: error), cause: error) }
}
