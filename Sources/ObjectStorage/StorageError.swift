/// Why something could not be done in a bucket, with what to do about it.
package struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, for those who decide what to do next.
    package enum Code: Sendable, Equatable {
        /// The server does not know the access key, or the secret does not belong to it.
        case wrongKey
        /// The key is good but may not do this.
        case accessDenied
        /// There is no such bucket.
        case noSuchBucket
        /// There is no such object.
        case noSuchKey
        /// This machine's clock is too far from the server's.
        case clockSkew
        /// Somebody else wrote an object that is written once.
        case preconditionFailed
        /// The server did not answer, or always answered "later".
        case unreachable
        /// The file changed while it was read; nothing was published.
        case changedWhileRead
        /// What came back is not what was uploaded.
        case corrupted
        /// A file on this side could not be read or written.
        case local
        /// The task was cancelled.
        case cancelled
        /// Anything else that a server says, and settings that make no sense.
        case other
    }

    /// What went wrong.
    package let code: Code
    /// One line: what could not be done, why, and what to do about it.
    package let message: String
    /// What S3 calls it, as `NoSuchUpload`.
    package let s3Code: String?
    /// The id by which the server's operators find the request.
    package let requestID: String?

    /// What could not be done, as in `upload s3://bucket/key`, and why.
    package init(_ code: Code, _ action: String, _ reason: String, s3Code: String? = nil, requestID: String? = nil) {
        self.code = code
        message = "cannot \(action): \(reason)"
        self.s3Code = s3Code
        self.requestID = requestID
    }

    /// The message, with the request's id where the server gave one.
    package var description: String { requestID.map { "\(message) [request \($0)]" } ?? message }
}
