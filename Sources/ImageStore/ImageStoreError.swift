import Archive
import JSON
import POSIX

/// An error of the image store.
package struct ImageStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The message in the form `cannot <do> <thing>: <reason>`.
    package let description: String

    /// Creates an error from an action with its object, and a reason.
    package init(_ action: String, _ reason: String) { description = "cannot \(action): \(reason)" }

    /// Creates an error with another module's complete message.
    init(copying description: String) { self.description = description }

    /// Creates an error with an archive error's message.
    init(_ error: ArchiveError) { self.init(copying: error.description) }

    /// Creates an error with a failed system call's message.
    init(_ error: POSIXError) { description = error.description }
}

/// Runs system calls, and converts their errors to this module's.
func posix<Value: ~Copyable>(_ body: () throws(POSIXError) -> Value) throws(ImageStoreError) -> Value {
    do throws(POSIXError) { return try body() } catch { throw ImageStoreError(error) }
}

/// Decodes a document, and converts its errors to this module's.
func decode<Value>(_ thing: String, _ body: () throws(JSONError) -> Value) throws(ImageStoreError) -> Value {
    do throws(JSONError) { return try body() } catch { throw ImageStoreError("read \(thing)", error.reason) }
}
