import HTTP

/// The meaning of an S3 error and the reaction to it: the one table for retries, new signatures, restarts and final errors.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html> and
/// <https://developers.cloudflare.com/r2/api/error-codes/>; the trailing numbers are R2's error codes.
struct S3Refusal: Sendable, Equatable {
    /// The automatic reaction to an error.
    enum Reaction: Sendable, Equatable {
        /// None: only the user can fix the cause.
        case giveUp
        /// Send the same request again after a wait.
        case retry
        /// Send the same request once more, signed with the server's time.
        case sign
        /// Send the parts again that the server does not have with the local content.
        case resendParts
        /// Restart the whole upload, once the object shows that it was not published.
        case startOver
    }

    let code: StorageError.Code
    let reaction: Reaction

    init(_ code: StorageError.Code, _ reaction: Reaction = .giveUp) {
        self.code = code
        self.reaction = reaction
    }

    /// Looks up an error by S3's code, or by the status where there is no code or an unknown one.
    init(_ s3Code: String?, status: Int, isObject: Bool) {
        self = s3Code.flatMap { Self.byCode[$0] } ?? Self.byStatus(status, hasCode: s3Code != nil, isObject: isObject)
    }

    private static func byStatus(_ status: Int, hasCode: Bool, isObject: Bool) -> S3Refusal {
        switch status {
        case 301, 307, 308: S3Refusal(.other)
        case 401: S3Refusal(.wrongKey)
        case 403: S3Refusal(.accessDenied)
        case 404 where !hasCode: S3Refusal(isObject ? .noSuchKey : .noSuchBucket)
        case 412: S3Refusal(.preconditionFailed)
        case let status where RetryPolicy.isTransient(status: status): S3Refusal(.unreachable, .retry)
        default: S3Refusal(.other)
        }
    }

    static let byCode: [String: S3Refusal] = [
        // Access keys.
        "Unauthorized": S3Refusal(.wrongKey),  // 10002
        "SignatureDoesNotMatch": S3Refusal(.wrongKey),  // 10035
        "InvalidAccessKeyId": S3Refusal(.wrongKey),
        "InvalidToken": S3Refusal(.wrongKey),
        "ExpiredToken": S3Refusal(.wrongKey),
        "TokenRefreshRequired": S3Refusal(.wrongKey),
        "InvalidSecurity": S3Refusal(.wrongKey),
        "AccessDenied": S3Refusal(.accessDenied),  // 10003
        "NotEntitled": S3Refusal(.accessDenied),  // 10042
        // Clocks.
        "ExpiredRequest": S3Refusal(.clockSkew, .sign),  // 10018
        "RequestExpired": S3Refusal(.clockSkew, .sign),
        "RequestTimeTooSkewed": S3Refusal(.clockSkew, .sign),
        // Missing resources.
        "NoSuchBucket": S3Refusal(.noSuchBucket),  // 10006
        "NoSuchKey": S3Refusal(.noSuchKey),  // 10007
        "NoSuchUpload": S3Refusal(.other, .startOver),  // 10024
        // Another writer created the object; 409 means that it did so at the same moment.
        "PreconditionFailed": S3Refusal(.preconditionFailed),  // 10031
        "ConditionalRequestConflict": S3Refusal(.preconditionFailed, .startOver),
        // Parts. R2's 10048 has the same code as 10025: where every part is stored correctly, the whole upload is sent
        // again.
        "InvalidPart": S3Refusal(.other, .resendParts),  // 10025, 10048
        "EntityTooSmall": S3Refusal(.other, .startOver),  // 10011
        "InvalidPartOrder": S3Refusal(.other),  // 10026
        "MalformedXML": S3Refusal(.other),  // 10040
        // Damaged or truncated bodies.
        "BadDigest": S3Refusal(.other, .retry),  // 10037
        "IncompleteBody": S3Refusal(.other, .retry),  // 10013
        "ClientDisconnect": S3Refusal(.unreachable, .retry),  // 10054
        "XAmzContentSHA256Mismatch": S3Refusal(.other, .retry),
        "RequestTimeout": S3Refusal(.unreachable, .retry),
        "OperationAborted": S3Refusal(.unreachable, .retry),
        // Try later.
        "TooManyRequests": S3Refusal(.unreachable, .retry),  // 10058
        "SlowDown": S3Refusal(.unreachable, .retry),
        "ServiceUnavailable": S3Refusal(.unreachable, .retry),  // 10043
        "InternalError": S3Refusal(.unreachable, .retry),  // 10001
        // Errors that our requests should not cause, or that a second request would meet again.
        "MissingContentLength": S3Refusal(.other),  // 10033
        "InvalidDigest": S3Refusal(.other),  // 10014
        "EntityTooLarge": S3Refusal(.other),
        "NotImplemented": S3Refusal(.other),
        "AuthorizationHeaderMalformed": S3Refusal(.other),
        "InvalidRegionName": S3Refusal(.other),
        "PermanentRedirect": S3Refusal(.other),
        "TemporaryRedirect": S3Refusal(.other),
    ]
}

extension StorageError {
    /// The reaction to a server's error that has a code; `giveUp` for any other.
    var reaction: S3Refusal.Reaction { s3Code.flatMap { S3Refusal.byCode[$0]?.reaction } ?? .giveUp }
}
