package import Archive
package import ImageStore
package import POSIX
package import Secrets

/// An error that makes a build of an image fail.
package struct ImageBuildError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `cannot <do> <thing>: <reason>`.
    package let description: String
    /// The reason alone, for callers that write their own message around it.
    package private(set) var reason: String

    /// Creates an error from the action that failed and the reason.
    package init(_ action: String, _ reason: String) {
        description = "cannot \(action): \(reason)"
        self.reason = reason
    }

    /// Wraps another module's message, which is already complete.
    package init(copying description: String) {
        self.description = description
        reason = description
    }

    /// Returns the error with secrets removed.
    package func hiding(_ scrubber: Scrubber) -> ImageBuildError {
        var hidden = ImageBuildError(copying: scrubber.scrubbed(description))
        hidden.reason = scrubber.scrubbed(reason)
        return hidden
    }

    package init(_ error: ImageStoreError) { self.init(copying: error.description) }
    package init(_ error: ArchiveError) { self.init(copying: error.description) }
    package init(_ error: POSIXError) { self.init(copying: error.description) }
}

/// Runs system calls, and converts their error to this one.
package func posix<Value: ~Copyable>(_ body: () throws(POSIXError) -> Value) throws(ImageBuildError) -> Value {
    do throws(POSIXError) { return try body() } catch { throw ImageBuildError(error) }
}

/// Runs store operations, and converts their error to this one.
package func stored<Value: ~Copyable>(_ body: () throws(ImageStoreError) -> Value) throws(ImageBuildError) -> Value {
    do throws(ImageStoreError) { return try body() } catch { throw ImageBuildError(error) }
}

/// Runs archive operations, and converts their error to this one.
package func archived<Value: ~Copyable>(_ body: () throws(ArchiveError) -> Value) throws(ImageBuildError) -> Value {
    do throws(ArchiveError) { return try body() } catch { throw ImageBuildError(error) }
}
