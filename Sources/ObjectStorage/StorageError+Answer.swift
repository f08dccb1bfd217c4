import HTTP
import POSIX

/// What an S3 server's refusal means. <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
/// and <https://developers.cloudflare.com/r2/api/error-codes/>
extension StorageError {
    /// Words a refusal; `status` is for one that came after its status was sent.
    init(
        _ answer: HTTPResponse, status: Int? = nil, to call: S3Call, at location: BucketLocation, clockOffset: Int
    ) {
        let status = status ?? answer.status
        let document = try? XMLElement(answer.body)
        let element = document?.name == "Error" ? document : nil
        let s3Code = element?["Code"]
        let code = Self.code(status, s3Code, isObject: !call.key.isEmpty)
        let said = s3Code.map { "\($0), HTTP \(status)" } ?? "HTTP \(status)"
        let text = element?["Message"].map(Self.line) ?? answer.excerpt
        self.init(
            code, call.action, Self.reason(code, said, text, at: location, clockOffset: clockOffset), s3Code: s3Code,
            requestID: element?["RequestId"] ?? answer.headers["x-amz-request-id"] ?? answer.headers["cf-ray"])
    }

    private static func line(_ text: String) -> String {
        text.prefix(400).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func code(_ status: Int, _ s3Code: String?, isObject: Bool) -> Code {
        switch s3Code {
        case "InvalidAccessKeyId", "SignatureDoesNotMatch", "Unauthorized", "InvalidToken", "ExpiredToken",
            "InvalidSecurity", "TokenRefreshRequired":
            return .wrongKey
        case "RequestTimeTooSkewed", "ExpiredRequest", "RequestExpired": return .clockSkew
        case "NoSuchBucket": return .noSuchBucket
        case "NoSuchKey": return .noSuchKey
        default: break
        }
        return switch status {
        case 401: .wrongKey
        case 403: .accessDenied
        case 404 where s3Code == nil: isObject ? .noSuchKey : .noSuchBucket
        case 409 where s3Code == "ConditionalRequestConflict": .preconditionFailed
        case 412: .preconditionFailed
        case let status where RetryPolicy.isTransient(status: status): .unreachable
        default: .other
        }
    }

    private static func reason(
        _ code: Code, _ said: String, _ text: String, at location: BucketLocation, clockOffset: Int
    ) -> String {
        switch code {
        case .wrongKey:
            return "\(location.endpoint.authority) refuses the key (\(said)); "
                + "check R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY"
        case .accessDenied:
            return "the key may not do this (\(said)); it needs read and write permission "
                + "on bucket '\(location.bucket)'"
        case .noSuchBucket:
            return "\(location.endpoint.authority) has no bucket '\(location.bucket)' (\(said)); "
                + "check R2_BUCKET_NAME and R2_ENDPOINT_URL"
        case .noSuchKey: return "there is no such object (\(said))"
        case .clockSkew:
            let direction = clockOffset > 0 ? "behind" : "ahead of"
            return "this machine's clock is \(abs(clockOffset)) seconds \(direction) the server's (\(said)); set it"
        case .preconditionFailed: return "somebody else has written it already (\(said))"
        case .unreachable: return "\(location.endpoint.authority) says 'later' (\(said)); try again in a while"
        default: return text.isEmpty ? said : "\(text) (\(said))"
        }
    }

    /// Words a request that got no answer.
    init(_ error: HTTPError, doing action: String, at location: BucketLocation) {
        switch error.code {
        case .cancelled: self.init(.cancelled, action, "cancelled")
        case .localBody: self.init(.local, action, error.description)
        case .unknownHost, .connectionFailed, .proxyRefused, .tls, .stalled, .interrupted:
            self.init(
                .unreachable, action,
                "no answer from \(location.endpoint.authority) (\(error)); check R2_ENDPOINT_URL and the network")
        case .invalidURL, .invalidResponse, .other: self.init(.other, action, error.description)
        }
    }

    /// Words a failure on this side.
    init(_ error: POSIXError, doing action: String) { self.init(.local, action, error.description) }
}
