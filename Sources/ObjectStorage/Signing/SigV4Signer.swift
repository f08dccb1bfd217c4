import HTTP
import Hashing
import Secrets
import Timestamps

/// Signs requests with AWS Signature Version 4.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
struct SigV4Signer: Sendable {
    /// The signing rules in which S3 differs from other AWS services.
    struct Rules: Sendable {
        /// True where the path is percent-encoded a second time for the signature.
        var encodesPathTwice: Bool
        /// True where `.`, `..` and empty segments are resolved; S3 keys may contain them.
        var normalizesPath: Bool
        /// True where the body's hash is also sent as a header, as S3 requires.
        var sendsContentHash: Bool
        /// False where the session token is added after signing, as some AWS services require.
        var signsToken = true

        static let s3 = Rules(encodesPathTwice: false, normalizesPath: false, sendsContentHash: true)
    }

    /// SHA-256 of the empty body.
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static let algorithm = "AWS4-HMAC-SHA256"

    let credentials: StorageCredentials
    let region: String
    let service: String
    let rules: Rules
    private let keys = SigningKeyCache()

    init(_ credentials: StorageCredentials, region: String, service: String = "s3", rules: Rules = .s3) {
        self.credentials = credentials
        self.region = region
        self.service = service
        self.rules = rules
    }

    /// Adds the date, the body's hash and an Authorization header that covers the request's headers.
    func sign(_ request: inout HTTPRequest, bodyHash: String, at moment: Timestamp) {
        request.headers["X-Amz-Date"] = moment.basic
        if rules.sendsContentHash { request.headers["X-Amz-Content-Sha256"] = bodyHash }
        let token = credentials.sessionToken?.unredacted
        if rules.signsToken, let token { request.headers["X-Amz-Security-Token"] = token }
        let canonical = CanonicalRequest(
            request.method, request.url, request.headers, query: request.url.queryItems, bodyHash: bodyHash,
            rules: rules)
        request.headers["Authorization"] =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(moment)), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature(canonical, at: moment))"
        if !rules.signsToken, let token { request.headers["X-Amz-Security-Token"] = token }
    }

    /// Returns a URL that is valid for the given number of seconds, for requests with these headers.
    func presign(
        _ method: String, _ url: HTTPURL, headers: HTTPHeaders = [:], bodyHash: String = "UNSIGNED-PAYLOAD",
        seconds: Int, at moment: Timestamp
    ) -> HTTPURL {
        let names = CanonicalRequest.signedHeaders(url, headers)
        var query = url.queryItems
        query += [
            ("X-Amz-Algorithm", Self.algorithm),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(moment))"),
            ("X-Amz-Date", moment.basic), ("X-Amz-Expires", String(seconds)),
            ("X-Amz-SignedHeaders", names),
        ].map { (Array($0.0.utf8), Array($0.1.utf8)) }
        let token = credentials.sessionToken.map {
            (Array("X-Amz-Security-Token".utf8), Array($0.unredacted.utf8))
        }
        if rules.signsToken, let token { query.append(token) }
        let canonical = CanonicalRequest(method, url, headers, query: query, bodyHash: bodyHash, rules: rules)
        let unsigned = rules.signsToken ? [] : token.map { [$0] } ?? []
        let signed = CanonicalRequest.text(query) + unsigned.map { "&\(CanonicalRequest.text([$0]))" }.joined()
        return url.with(target: "\(url.path)?\(signed)&X-Amz-Signature=\(signature(canonical, at: moment))")
    }

    func signature(_ canonical: CanonicalRequest, at moment: Timestamp) -> String {
        let text = [
            Self.algorithm, moment.basic, scope(moment), SHA256.hash(Array(canonical.text.utf8)).hexadecimal,
        ].joined(separator: "\n")
        return HMACSHA256.authenticate(Array(text.utf8), key: signingKey(moment)).hexadecimal
    }

    private func scope(_ moment: Timestamp) -> String {
        "\(moment.basic.prefix(8))/\(region)/\(service)/aws4_request"
    }

    private func signingKey(_ moment: Timestamp) -> [UInt8] {
        let day = String(moment.basic.prefix(8))
        return keys.key(for: day) {
            var key = Array("AWS4\(credentials.secretAccessKey.unredacted)".utf8)
            for part in [day, region, service, "aws4_request"] {
                key = HMACSHA256.authenticate(Array(part.utf8), key: key)
            }
            return key
        }
    }
}
