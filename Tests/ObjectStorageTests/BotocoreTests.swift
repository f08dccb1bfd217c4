import HTTP
import Hashing
import JSON
import Secrets
import TestSupport
import Testing
import Timestamps

@testable import ObjectStorage

/// Compares our signatures of random requests with those of Amazon's own client.
struct BotocoreTests {
    private static let script = """
        import sys, json, datetime, botocore.auth as auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        for line in sys.stdin:
            case = json.loads(line)
            moment = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc)
            auth.get_current_datetime = lambda remove_tzinfo=True: moment.replace(tzinfo=None) if remove_tzinfo else moment
            credentials = Credentials(case["key"], case["secret"], case["token"])
            def request(body):
                made = AWSRequest(case["method"], case["url"], data=body)
                for name, value in case["headers"]: made.headers.add_header(name, value)
                return made
            header, query = request(case["body"].encode()), request(b"")
            try:
                auth.S3SigV4Auth(credentials, "s3", case["region"]).add_auth(header)
                auth.S3SigV4QueryAuth(credentials, "s3", case["region"], expires=case["expires"]).add_auth(query)
                print(json.dumps([header.headers["Authorization"], query.url.split("X-Amz-Signature=")[1][:64]]))
            except Exception as error:
                print(json.dumps([repr(error)]))
        """

    private struct Case {
        let request: HTTPRequest
        let body: String
        let signer: SigV4Signer
        let moment: Timestamp
        let expires: Int
        let json: JSONValue
    }

    @Test func `random requests have botocore's signatures`() async throws {
        var random = SeededGenerator(seed: 20_260_102)
        let cases = try (0..<2000).map { _ in try Self.make(&random) }
        let lines = cases.map(\.json.text).joined(separator: "\n") + "\n"
        let answers = try await Command(Checkout.python, ["-c", Self.script]).succeed(input: lines)
            .split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        try #require(answers.count == cases.count)
        for (made, answer) in zip(cases, answers) {
            var signed = made.request
            made.signer.sign(
                &signed, bodyHash: SHA256.hash(Array(made.body.utf8)).hexadecimal, at: made.moment)
            #expect(signed.headers["Authorization"] == answer.array?.first?.string, "\(made.json.text)")
            let url = made.signer.presign(
                made.request.method, made.request.url, headers: made.request.headers, seconds: made.expires,
                at: made.moment)
            #expect(url.text.hasSuffix("X-Amz-Signature=\(answer.array?.last?.string ?? "")"), "\(made.json.text)")
        }
    }

    private static func make(_ random: inout SeededGenerator) throws -> Case {
        let host = ["acc.r2.cloudflarestorage.com", "127.0.0.1:9000", "s3.example:443", "s3.example:80"]
        let endpoint = "\(Bool.random(using: &random) ? "https" : "http")://\(host.randomElement(using: &random) ?? "")"
        let location = try BucketLocation(endpoint: endpoint, bucket: "bucket-1")
        var query: [String: String] = [:]
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            query[text(&random, 1...6)] = text(&random, 0...8)
        }
        let url = location.url(
            key: text(&random, 1...30), query: PercentEncoding.query(query.map { ($0.key, $0.value) }))
        let method = ["GET", "PUT", "POST", "DELETE", "HEAD"].randomElement(using: &random) ?? "GET"
        var request = HTTPRequest(method, url)
        let names = ["Content-MD5", "Range", "X-Amz-Meta-Upload-Token", "If-None-Match", "x-amz-acl", "X-Amz-Meta-A"]
        for name in names.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random)) {
            request.headers.add(name, value(&random))
            if name.hasSuffix("-A") { request.headers.add(name, value(&random)) }
        }
        let hasBody = method == "PUT" || method == "POST"
        let body = hasBody ? text(&random, 0...40) : ""
        let moment = Timestamp(seconds: Int.random(in: 1_500_000_000...2_000_000_000, using: &random))
        let secret = text(&random, 10...40)
        let token = Bool.random(using: &random) ? text(&random, 10...40) : nil
        let region = ["auto", "us-east-1", "eu"].randomElement(using: &random) ?? "auto"
        let expires = Int.random(in: 1...604_800, using: &random)
        return Case(
            request: request, body: body,
            signer: SigV4Signer(
                StorageCredentials(
                    accessKeyID: "AKID:1", secretAccessKey: Secret(secret), sessionToken: token.map { Secret($0) }),
                region: region), moment: moment, expires: expires,
            json: [
                "method": .string(method), "url": .string(url.text), "body": .string(body), "key": "AKID:1",
                "secret": .string(secret), "token": .optional(token), "region": .string(region),
                "time": .integer(moment.seconds), "expires": .integer(expires),
                "headers": .array(request.headers.fields.map { .array([.string($0.name), .string($0.value)]) }),
            ])
    }

    private static func text(_ random: inout SeededGenerator, _ length: ClosedRange<Int>) -> String {
        let alphabet = Array("abzAZ019-._~/ +%&=?;:@!$'()*,[]{}\"<>|^`\\äфé日🙂")
        return String(
            (0..<Int.random(in: length, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
    }

    /// Returns a header value with runs of spaces.
    private static func value(_ random: inout SeededGenerator) -> String {
        let alphabet = Array("abc  \"=+/,;:09")
        return "v" + String((0..<12).map { _ in alphabet.randomElement(using: &random) ?? "a" }) + "w"
    }
}
