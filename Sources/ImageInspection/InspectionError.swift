package import ImageStore
import JSON
import POSIX

/// An error in reading an image.
package struct InspectionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The message in the form `cannot <do> <thing>: <reason>`.
    package let description: String

    /// Creates an error from an action with its object, and a reason.
    package init(_ action: String, _ reason: String) { description = "cannot \(action): \(reason)" }

    /// Creates an error with the store's message.
    package init(_ error: ImageStoreError) { description = error.description }

    init(_ error: POSIXError) { description = error.description }
}

/// Runs system calls, and converts their errors to this module's.
func posix<Value: ~Copyable>(_ body: () throws(POSIXError) -> Value) throws(InspectionError) -> Value {
    do throws(POSIXError) { return try body() } catch { throw InspectionError(error) }
}

/// Uses the store, and converts its errors to this module's.
func stored<Value: ~Copyable>(_ body: () throws(ImageStoreError) -> Value) throws(InspectionError) -> Value {
    do throws(ImageStoreError) { return try body() } catch { throw InspectionError(error) }
}

/// Decodes a document, and converts its errors to this module's.
func decode<Value>(_ thing: String, _ body: () throws(JSONError) -> Value) throws(InspectionError) -> Value {
    do throws(JSONError) { return try body() } catch { throw InspectionError("read \(thing)", error.reason) }
}
