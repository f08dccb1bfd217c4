import HTTP
import Hashing
import Secrets
import TestSupport
import Timestamps

@testable import ObjectStorage

/// Authentication and parsing of requests.
extension R2Double {
    /// A refusal with R2's error code.
    struct Refusal: Error {
        let status: Int
        let code: String
        let message: String
        init(_ status: Int, _ code: String, _ message: String = "refused") {
            (self.status, self.code, self.message) = (status, code, message)
        }
    }

    /// Checks the key, the clock and the form of a request.
    func admit(_ call: Call, _ rules: Rules, _ now: Timestamp) throws {
        let headers = call.request.headers
        guard let authorization = headers["Authorization"] else { throw Refusal(401, "Unauthorized") }
        let scope = authorization.split(separator: "Credential=").last?.split(separator: ",").first?.split(
            separator: "/")
        guard let scope, scope.count == 5, scope[0] == Self.accessKeyID else { throw Refusal(401, "Unauthorized") }
        guard scope[2] == "auto" || scope[2] == "us-east-1" else {
            throw Refusal(400, "InvalidRegionName", "The region name '\(scope[2])' is not valid.")
        }
        let signed = headers["X-Amz-Date"].flatMap { Self.time($0) } ?? 0
        guard abs(signed - now.seconds) < 900 else { throw Refusal(400, "ExpiredRequest") }
        guard !rules.isKeyExpired else { throw Refusal(400, "ExpiredToken") }
        guard let hash = headers["X-Amz-Content-Sha256"] else { throw Refusal(400, "InvalidRequest") }
        guard !hash.hasPrefix("STREAMING-"), headers["Expect"] == nil,
            !headers.fields.contains(where: { $0.name.lowercased().hasPrefix("x-amz-checksum-") })
        else { throw Refusal(501, "NotImplemented") }
        guard try isSignedRight(call, authorization) else { throw Refusal(403, "SignatureDoesNotMatch") }
        guard ["GET", "HEAD"].contains(call.request.method) || rules.mayWrite else {
            throw Refusal(403, "AccessDenied")
        }
        guard call.bucket == Self.bucket else { throw Refusal(404, "NoSuchBucket") }
        guard ["PUT", "POST"].contains(call.request.method) else { return }
        guard headers["Content-Length"] != nil else { throw Refusal(411, "MissingContentLength") }
        guard SHA256.hash(call.request.body).hexadecimal == hash else {
            throw Refusal(400, "XAmzContentSHA256Mismatch")
        }
        if let md5 = headers["Content-MD5"], md5 != MD5.hash(call.request.body).base64 {
            throw Refusal(400, "BadDigest")
        }
    }

    /// Checks the signature of the request; the signer's own tests compare it with Amazon's implementation.
    private func isSignedRight(_ call: Call, _ authorization: String) throws -> Bool {
        guard let names = authorization.split(separator: "SignedHeaders=").last?.split(separator: ",").first,
            let given = authorization.split(separator: "Signature=").last, let host = call.request.headers["Host"],
            let date = call.request.headers["X-Amz-Date"].flatMap({ Self.time($0) }),
            let region = authorization.split(separator: "/").dropFirst(2).first
        else { return false }
        var headers = HTTP.HTTPHeaders()
        for name in names.split(separator: ";") where name != "host" {
            for value in call.request.headers.values(String(name)) { headers.add(String(name), value) }
        }
        let url = try HTTPURL("http://\(host)\(call.request.target)")
        let signer = SigV4Signer(
            StorageCredentials(accessKeyID: Self.accessKeyID, secretAccessKey: Secret(Self.secret)),
            region: String(region))
        let canonical = CanonicalRequest(
            call.request.method, url, headers, query: url.queryItems,
            bodyHash: call.request.headers["X-Amz-Content-Sha256"] ?? "", rules: .s3)
        return signer.signature(canonical, at: Timestamp(seconds: date)) == given
    }

    /// Parses a time such as `20260102T030405Z` as seconds since 1970.
    private static func time(_ text: String) -> Int? {
        let digits = text.filter(\.isNumber)
        guard digits.count == 14 else { return nil }
        func part(_ range: Range<Int>) -> String { String(Array(digits)[range]) }
        return Timestamp(
            rfc3339: "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z")?
            .seconds
    }

    /// A request with its key and query parsed.
    struct Call {
        let request: ReceivedRequest
        let bucket: String
        let key: String
        let query: [String: String]
        let metadata: [String: String]

        init(_ request: ReceivedRequest) throws {
            self.request = request
            let path = request.path.dropFirst()
            bucket = String(path.prefix { $0 != "/" })
            key = String(
                decoding: PercentEncoding.decode(path.dropFirst(bucket.count + 1)), as: UTF8.self)
            let items = try HTTPURL("http://host\(request.target)").queryItems
            query = Dictionary(
                items.map { (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)) }
            ) { $1 }
            metadata = Dictionary(
                request.headers.fields.filter { $0.name.lowercased().hasPrefix("x-amz-meta-") }
                    .map { (String($0.name.lowercased().dropFirst("x-amz-meta-".count)), $0.value) }
            ) { $1 }
        }
    }
}
