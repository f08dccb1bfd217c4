import HTTP
import TestSupport
import Testing

@testable import ObjectStorage

/// The meaning of each R2 error and the reaction to it.
/// <https://developers.cloudflare.com/r2/api/error-codes/>
struct S3RefusalTests {
    private static let table: [(Int, String?, StorageError.Code, S3Refusal.Reaction)] = [
        (401, "Unauthorized", .wrongKey, .giveUp), (403, "SignatureDoesNotMatch", .wrongKey, .giveUp),
        (403, "InvalidAccessKeyId", .wrongKey, .giveUp), (400, "ExpiredToken", .wrongKey, .giveUp),
        (403, "AccessDenied", .accessDenied, .giveUp), (403, "NotEntitled", .accessDenied, .giveUp),
        (400, "ExpiredRequest", .clockSkew, .sign), (403, "RequestTimeTooSkewed", .clockSkew, .sign),
        (404, "NoSuchBucket", .noSuchBucket, .giveUp), (404, "NoSuchKey", .noSuchKey, .giveUp),
        (404, "NoSuchUpload", .other, .startOver), (400, "EntityTooSmall", .other, .startOver),
        (400, "InvalidPart", .other, .resendParts), (400, "BadDigest", .other, .retry),
        (400, "IncompleteBody", .other, .retry), (400, "ClientDisconnect", .unreachable, .retry),
        (411, "MissingContentLength", .other, .giveUp), (412, "PreconditionFailed", .preconditionFailed, .giveUp),
        (409, "ConditionalRequestConflict", .preconditionFailed, .startOver),
        (429, "TooManyRequests", .unreachable, .retry), (500, "InternalError", .unreachable, .retry),
        (503, "ServiceUnavailable", .unreachable, .retry), (503, "SlowDown", .unreachable, .retry),
        (501, "NotImplemented", .other, .giveUp), (400, "InvalidRegionName", .other, .giveUp),
        // Answers of a proxy, and HEAD answers without an error document.
        (502, nil, .unreachable, .retry), (504, nil, .unreachable, .retry), (520, nil, .unreachable, .retry),
        (429, nil, .unreachable, .retry), (500, nil, .unreachable, .retry), (401, nil, .wrongKey, .giveUp),
        (403, nil, .accessDenied, .giveUp), (404, nil, .noSuchKey, .giveUp), (412, nil, .preconditionFailed, .giveUp),
        (301, nil, .other, .giveUp), (400, nil, .other, .giveUp),
        // An unknown code is treated by its status.
        (503, "SomethingNew", .unreachable, .retry), (400, "SomethingNew", .other, .giveUp),
        (404, "SomethingNew", .other, .giveUp),
    ]

    @Test(arguments: 0..<table.count)
    func `a refusal means what the table says`(_ row: Int) {
        let (status, s3Code, code, reaction) = Self.table[row]
        #expect(S3Refusal(s3Code, status: status, isObject: true) == S3Refusal(code, reaction))
    }

    @Test func `a bucket that answers 404 without a word is not there`() {
        #expect(S3Refusal(nil, status: 404, isObject: false).code == .noSuchBucket)
    }

    /// The number of attempts shows the reaction to the refusal.
    @Test(arguments: 0..<table.count)
    func `a request is repeated only where that may help`(_ row: Int) async throws {
        let (status, s3Code, code, reaction) = Self.table[row]
        let body =
            s3Code.map {
                "<Error><Code>\($0)</Code><Message>What the server says.</Message><RequestId>id-1</RequestId></Error>"
            } ?? ""
        let server = try await LoopbackServer { _ in .answer(status, text: body) }
        let client = try R2Double.client(
            of: "http://\(server.host)", policy: RetryPolicy(attempts: 3, firstBound: 0, lastBound: 0))
        let error = await #expect(throws: StorageError.self) {
            try await client.perform(S3Call("POST", "key", doing: "try s3://bucket-1/key"))
        }
        #expect(error?.code == code)
        #expect(server.requests.count == (reaction == .retry ? 3 : 1))
        if let s3Code {
            #expect(error?.s3Code == s3Code && error?.requestID == "id-1")
            #expect(error?.description.contains(s3Code) == true)
            #expect(error?.description.contains("What the server says.") == true, "\(error?.description ?? "")")
            #expect(error?.description.hasSuffix("[request id-1]") == true)
        }
        #expect(error?.message.hasPrefix("cannot try s3://bucket-1/key: ") == true)
    }

    /// A valid key may be refused for an unpaid bill or a quota, and only the server's text explains it.
    @Test(arguments: [
        (403, "<Error><Code>AccessDenied</Code><Message>The account has\n no credit.</Message></Error>", "no credit."),
        (
            403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>quota</Message></Error></ErrorResponse>",
            "AccessDenied, HTTP 403: quota"
        ),
        (403, #"{"success":false,"errors":[{"code":10042,"message":"enable billing"}]}"#, "enable billing (10042)"),
        (402, "pay first", "pay first (HTTP 402)"), (404, "<html><h1>Gone</h1>away</html>", "HTTP 404: Gone away"),
        (403, "<Error><Code>AccessDenied</Code><Message>not \(R2Double.secret)</Message></Error>", "not <redacted>"),
        (403, String(repeating: "e\u{301}\u{302}", count: 4000), "HTTP 403: e\u{301}\u{302}"),
    ])
    func `the server's own words stand in a refusal`(_ status: Int, _ body: String, _ words: String) async throws {
        let server = try await LoopbackServer { _ in .answer(status, text: body) }
        let error = await #expect(throws: StorageError.self) {
            try await R2Double.client(of: "http://\(server.host)", policy: .never)
                .perform(S3Call("PUT", "key", doing: "write"))
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(error?.description.unicodeScalars.count ?? 0 < 700)
    }

    @Test(arguments: [
        (
            307, "<Error><Code>TemporaryRedirect</Code><Endpoint>b.s3.eu.example</Endpoint></Error>",
            "to b.s3.eu.example;"
        ),
        (301, "", "sends elsewhere to http://other.example/key (HTTP 301)"),
    ])
    func `a redirect is not followed with the key, and its place is said`(
        _ status: Int, _ body: String, _ words: String
    ) async throws {
        let server = try await LoopbackServer { _ in
            .answer(status, ["Location": "http://other.example/key?X-Amz-Signature=secret"], text: body)
        }
        let error = await #expect(throws: StorageError.self) {
            try await R2Double.client(of: "http://\(server.host)").perform(S3Call("PUT", "key", doing: "write"))
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("Signature") == false && server.requests.count == 1)
    }

    @Test(arguments: [
        "<Upload><Key>other/x</Key><UploadId>1</UploadId></Upload>",
        "<Upload><Key>a/x</Key><UploadId></UploadId></Upload>",
        "<Upload><Key></Key><UploadId>1</UploadId></Upload>",
        "<Upload><Key>a\u{301}/</Key><UploadId>1</UploadId></Upload>",
        "<IsTruncated>true</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextKeyMarker>a/</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker>",
    ])
    func `a listing of uploads that could mislead is refused`(_ entry: String) async throws {
        let server = try await LoopbackServer { _ in
            .answer(200, text: "<ListMultipartUploadsResult>\(entry)</ListMultipartUploadsResult>")
        }
        let client = try R2Double.client(of: "http://\(server.host)")
        await #expect(throws: StorageError.self) { try await client.multipartUploads("a/") }
        #expect(server.requests.count <= 2)
    }

    @Test func `a listing of objects that were not asked for is refused`() async throws {
        let server = try await LoopbackServer { _ in
            .answer(200, text: "<ListBucketResult><Contents><Key>b</Key><Size>1</Size></Contents></ListBucketResult>")
        }
        let client = try R2Double.client(of: "http://\(server.host)")
        await #expect(throws: StorageError.self) { try await client.list("a/") }
    }
}
