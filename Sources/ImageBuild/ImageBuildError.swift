import Archive
import ImageStore
import POSIX
import Secrets

/// Why an image could not be built.
package struct ImageBuildError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    package let description: String
    /// The reason alone, for whoever words the rest again.
    private(set) var reason: String

    /// What could not be done with what, and why.
    package init(_ action: String, _ reason: String) {
        description = "cannot \(action): \(reason)"
        self.reason = reason
    }

    /// Another module's line, which says everything.
    init(copying description: String) {
        self.description = description
        reason = description
    }

    /// The same without these secrets.
    func hiding(_ scrubber: Scrubber) -> ImageBuildError {
        var hidden = ImageBuildError(copying: scrubber.scrubbed(description))
        hidden.reason = scrubber.scrubbed(reason)
        return hidden
    }

    init(_ error: ImageStoreError) { self.init(copying: error.description) }
    init(_ error: ArchiveError) { self.init(copying: error.description) }
    init(_ error: POSIXError) { self.init(copying: error.description) }
}

/// Runs calls of the system inside a function that throws this module's error.
func posix<Value: ~Copyable>(_ body: () throws(POSIXError) -> Value) throws(ImageBuildError) -> Value {
    do throws(POSIXError) { return try body() } catch { throw ImageBuildError(error) }
}

/// Uses the store inside a function that throws this module's error.
func stored<Value: ~Copyable>(_ body: () throws(ImageStoreError) -> Value) throws(ImageBuildError) -> Value {
    do throws(ImageStoreError) { return try body() } catch { throw ImageBuildError(error) }
}

/// Uses archives inside a function that throws this module's error.
func archived<Value: ~Copyable>(_ body: () throws(ArchiveError) -> Value) throws(ImageBuildError) -> Value {
    do throws(ArchiveError) { return try body() } catch { throw ImageBuildError(error) }
}
