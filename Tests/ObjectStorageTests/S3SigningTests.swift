import HTTP
import Hashing
import JSON
import Secrets
import TestSupport
import Testing
import Timestamps

@testable import ObjectStorage

/// Signatures for S3, which encodes a path once and never normalises it.
struct S3SigningTests {
    private static let amazon = StorageCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))

    // <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html#example-signature-calculations>
    @Test(arguments: [
        (
            "GET", "/test.txt", ["Range": "bytes=0-9"], "",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        (
            "PUT", "/test%24file.text",
            ["Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"],
            "Welcome to Amazon S3.", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        ("GET", "/?lifecycle", [:], "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "GET", "/?max-keys=2&prefix=J", [:], "",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ])
    func `Amazon's examples`(
        _ method: String, _ target: String, _ headers: [String: String], _ body: String, _ signature: String
    ) throws {
        let signer = SigV4Signer(Self.amazon, region: "us-east-1")
        var request = HTTPRequest(method, try HTTPURL("https://examplebucket.s3.amazonaws.com\(target)"))
        for (name, value) in headers { request.headers[name] = value }
        signer.sign(
            &request, bodyHash: SHA256.hash(Array(body.utf8)).hexadecimal,
            at: try #require(Timestamp(rfc3339: "2013-05-24T00:00:00Z")))
        #expect(request.headers["Authorization"]?.hasSuffix("Signature=\(signature)") == true)
    }

    // <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
    @Test func `Amazon's presigned example`() throws {
        let url = SigV4Signer(Self.amazon, region: "us-east-1").presign(
            "GET", try HTTPURL("https://examplebucket.s3.amazonaws.com/test.txt"), seconds: 86_400,
            at: try #require(Timestamp(rfc3339: "2013-05-24T00:00:00Z")))
        #expect(
            url.text.hasSuffix(
                "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
        #expect(!"\(url)".contains("X-Amz"), "a log never shows a signature")
    }

    @Test func `requests as they go to R2`() throws {
        let moment = try #require(Timestamp(rfc3339: "2026-01-02T03:04:05Z"))
        func credentials(_ token: String?) -> StorageCredentials {
            StorageCredentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                sessionToken: token.map { Secret($0) })
        }
        let location = try BucketLocation(endpoint: "https://acc.r2.cloudflarestorage.com", bucket: "bkt")
        var part = HTTPRequest(
            "PUT",
            location.url(
                key: "run 1/ck+pt=10/model.pt",
                query: PercentEncoding.query([("partNumber", "7"), ("uploadId", "abc+def")])),
            headers: ["Content-MD5": "CY9rzUYh03PK3k6DJie09g=="])
        SigV4Signer(credentials(nil), region: "auto").sign(
            &part, bodyHash: SHA256.hash(Array("test".utf8)).hexadecimal, at: moment)
        #expect(
            part.headers["Authorization"]?.hasSuffix(
                "SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date, Signature="
                    + "c52335efefe6c325b890086d625f560c95ba663dfd0b6a5ca20ceb918803c780") == true)
        var create = HTTPRequest(
            "POST", location.url(key: "ф/x.bin", query: PercentEncoding.query([("uploads", "")])))
        SigV4Signer(credentials("tok/EN+x=="), region: "auto").sign(
            &create, bodyHash: SigV4Signer.emptyHash, at: moment)
        #expect(
            create.headers["Authorization"]?.hasSuffix(
                "3faa48d71dfc3fc887cf0ebca46d500ad4c8d8a9b8b7f1bd5ecb392c74d964b7") == true)
    }

    @Test func `a new day has a new key`() throws {
        let signer = SigV4Signer(Self.amazon, region: "us-east-1")
        func signature(_ time: String) throws -> String? {
            var request = HTTPRequest("GET", try HTTPURL("https://examplebucket.s3.amazonaws.com/test.txt"))
            request.headers["Range"] = "bytes=0-9"
            signer.sign(
                &request, bodyHash: SigV4Signer.emptyHash, at: try #require(Timestamp(rfc3339: time)))
            return request.headers["Authorization"]
        }
        let first = try signature("2013-05-24T00:00:00Z")
        let other = try signature("2013-05-25T00:00:00Z")
        #expect(first != other)
        #expect(first?.hasSuffix("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") == true)
        #expect(try signature("2013-05-24T00:00:00Z") == first)
    }
}
