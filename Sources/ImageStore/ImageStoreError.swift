import Archive
import JSON
import POSIX

/// Why the store of images could not do something.
package struct ImageStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    package let description: String

    /// What could not be done with what, and why.
    package init(_ action: String, _ reason: String) { description = "cannot \(action): \(reason)" }

    /// Another module's line, which says everything.
    init(copying description: String) { self.description = description }

    /// An archive that could not be read says all that there is to say.
    init(_ error: ArchiveError) { self.init(copying: error.description) }

    /// A system call that failed says all that there is to say.
    init(_ error: POSIXError) { description = error.description }
}

/// Runs calls of the system inside a function that throws this module's error.
func posix<Value: ~Copyable>(_ body: () throws(POSIXError) -> Value) throws(ImageStoreError) -> Value {
    do throws(POSIXError) { return try body() } catch { throw ImageStoreError(error) }
}

/// Reads a document inside a function that throws this module's error.
func decode<Value>(_ thing: String, _ body: () throws(JSONError) -> Value) throws(ImageStoreError) -> Value {
    do throws(JSONError) { return try body() } catch { throw ImageStoreError("read \(thing)", error.reason) }
}
