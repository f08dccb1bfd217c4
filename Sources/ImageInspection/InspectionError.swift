package import ImageStore
import JSON
import POSIX

/// Why an image could not be looked at.
package struct InspectionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    package let description: String

    /// What could not be done with what, and why.
    package init(_ action: String, _ reason: String) { description = "cannot \(action): \(reason)" }

    /// The store's own line says everything.
    package init(_ error: ImageStoreError) { description = error.description }

    init(_ error: POSIXError) { description = error.description }
}

/// Runs calls of the system inside a function that throws this module's error.
func posix<Value: ~Copyable>(_ body: () throws(POSIXError) -> Value) throws(InspectionError) -> Value {
    do throws(POSIXError) { return try body() } catch { throw InspectionError(error) }
}

/// Uses the store inside a function that throws this module's error.
func stored<Value: ~Copyable>(_ body: () throws(ImageStoreError) -> Value) throws(InspectionError) -> Value {
    do throws(ImageStoreError) { return try body() } catch { throw InspectionError(error) }
}

/// Reads a document inside a function that throws this module's error.
func decode<Value>(_ thing: String, _ body: () throws(JSONError) -> Value) throws(InspectionError) -> Value {
    do throws(JSONError) { return try body() } catch { throw InspectionError("read \(thing)", error.reason) }
}
