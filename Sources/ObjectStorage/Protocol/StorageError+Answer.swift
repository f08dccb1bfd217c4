import HTTP
import POSIX
import Secrets

/// Error messages for the refusals of S3 servers.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html> and
/// <https://developers.cloudflare.com/r2/api/error-codes/>
extension StorageError {
    /// Describes a refusal; `status` replaces the answer's for an error that came in the body of a 200.
    ///
    /// Each message contains the server's own text: a server refuses a valid key for an unpaid bill too.
    init(
        _ answer: HTTPResponse, status: Int? = nil, to call: S3Call, at location: BucketLocation, clockOffset: Int,
        hiding credentials: StorageCredentials
    ) {
        let status = status ?? answer.status
        let element = Self.element(answer.body)
        let s3Code = element?["Code"]
        let code = S3Refusal(s3Code, status: status, isObject: !call.key.isEmpty).code
        let secrets = [credentials.secretAccessKey] + (credentials.sessionToken.map { [$0] } ?? [])
        let text = Scrubber(secrets).scrubbed(element.map { HTTPResponse.line($0["Message"] ?? "") } ?? answer.words)
        let place = element?["Endpoint"].map(HTTPResponse.line) ?? answer.pointsTo
        let summary = s3Code.map { "\($0), HTTP \(status)" } ?? "HTTP \(status)"
        let said = text.isEmpty ? summary : "\(summary): \(text)"
        self.init(
            code, call.action,
            Self.advice(s3Code, status, said, place, at: location)
                ?? Self.reason(code, said, summary, text, at: location, clockOffset: clockOffset), s3Code: s3Code,
            requestID: element?["RequestId"] ?? answer.headers["x-amz-request-id"] ?? answer.headers["cf-ray"])
    }

    /// Returns the error element of an answer; some services wrap it in one more element.
    private static func element(_ body: [UInt8]) -> XMLElement? {
        let document = try? XMLElement(body)
        return document?.name == "Error" ? document : document?.all("Error").first
    }

    /// Returns the advice for errors whose code alone determines it.
    private static func advice(
        _ s3Code: String?, _ status: Int, _ said: String, _ place: String?, at location: BucketLocation
    ) -> String? {
        let place = place.map { " to \($0)" } ?? ""
        switch s3Code {
        case "ExpiredToken", "TokenRefreshRequired":
            return "the temporary key has expired (\(said)); set a new R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY and "
                + "R2_SESSION_TOKEN, and run this again"
        case "AuthorizationHeaderMalformed", "InvalidRegionName", "PermanentRedirect", "TemporaryRedirect":
            return "bucket '\(location.bucket)' is not in region '\(location.region)' (\(said))"
                + (place.isEmpty ? "" : ", and is sent on\(place)")
                + "; set R2_REGION to its region, or R2_ENDPOINT_URL to its endpoint"
        case "NotEntitled": return "R2 is not enabled for the account (\(said)); enable it in its dashboard"
        case "NoSuchUpload": return "the server no longer knows the upload (\(said)); run this again to start it over"
        case "EntityTooLarge": return "the server takes no object as long as this (\(said))"
        case nil where [301, 307, 308].contains(status):
            return
                "\(location.endpoint.authority) sends elsewhere\(place) (\(said)); set R2_ENDPOINT_URL to the endpoint of the "
                + "bucket's region or jurisdiction"
        default: return nil
        }
    }

    private static func reason(
        _ code: Code, _ said: String, _ summary: String, _ text: String, at location: BucketLocation, clockOffset: Int
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
        default: return text.isEmpty ? summary : "\(text) (\(summary))"
        }
    }

    /// Describes a request that got no answer.
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

    /// Describes a local failure.
    init(_ error: POSIXError, doing action: String) { self.init(.local, action, error.description) }
}
