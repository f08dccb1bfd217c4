/// An error of an object store operation, with advice on how to fix it.
package struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of the error, for callers that decide what to do next.
    package enum Code: Sendable, Equatable {
        /// The server does not know the access key, or the secret does not belong to it.
        case wrongKey
        /// The key is valid but lacks the permission.
        case accessDenied
        /// The bucket does not exist.
        case noSuchBucket
        /// The object does not exist.
        case noSuchKey
        /// This machine's clock is too far from the server's.
        case clockSkew
        /// Another writer created an object that is written only once.
        case preconditionFailed
        /// The server did not answer, or answered every attempt with a "try later" status.
        case unreachable
        /// The file changed while it was read; nothing was published.
        case changedWhileRead
        /// The downloaded content is not what was uploaded.
        case corrupted
        /// A local file could not be read or written.
        case local
        /// The task was cancelled.
        case cancelled
        /// Any other error from the server, and invalid settings.
        case other
    }

    package let code: Code
    /// One line: the action that failed, the reason, and what to do about it.
    package let message: String
    /// S3's error code, such as `NoSuchUpload`.
    package let s3Code: String?
    /// The request ID, by which the server's operators find the request.
    package let requestID: String?

    /// Creates an error from the action, such as `upload s3://bucket/key`, and the reason.
    package init(_ code: Code, _ action: String, _ reason: String, s3Code: String? = nil, requestID: String? = nil) {
        self.code = code
        message = "cannot \(action): \(reason)"
        self.s3Code = s3Code
        self.requestID = requestID
    }

    /// The message, followed by the request ID where the server gave one.
    package var description: String { requestID.map { "\(message) [request \($0)]" } ?? message }
}
