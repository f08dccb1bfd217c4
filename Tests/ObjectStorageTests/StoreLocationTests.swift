import HTTP
import Secrets
import SystemPackage
import TestSupport
import Testing
import Timestamps

@testable import ObjectStorage

/// Store locations as users write them.
struct StoreLocationTests {
    @Test(arguments: [
        ("https://acc.r2.cloudflarestorage.com", "path", "https://acc.r2.cloudflarestorage.com/runs/a%20b", "auto"),
        (
            "https://acc.eu.r2.cloudflarestorage.com", "path", "https://acc.eu.r2.cloudflarestorage.com/runs/a%20b",
            "auto"
        ),
        (
            "https://acc.fedramp.r2.cloudflarestorage.com/", "virtual",
            "https://runs.acc.fedramp.r2.cloudflarestorage.com/a%20b", "auto"
        ),
        ("https://s3.amazonaws.com", "virtual", "https://runs.s3.amazonaws.com/a%20b", "us-east-1"),
        (
            "https://s3.eu-central-1.amazonaws.com", "path", "https://s3.eu-central-1.amazonaws.com/runs/a%20b",
            "eu-central-1"
        ),
        (
            "https://s3.dualstack.eu-west-3.amazonaws.com", "virtual",
            "https://runs.s3.dualstack.eu-west-3.amazonaws.com/a%20b", "eu-west-3"
        ),
        ("https://s3-us-west-2.amazonaws.com", "path", "https://s3-us-west-2.amazonaws.com/runs/a%20b", "us-west-2"),
        (
            "https://s3.cn-north-1.amazonaws.com.cn", "path", "https://s3.cn-north-1.amazonaws.com.cn/runs/a%20b",
            "cn-north-1"
        ),
        ("http://localhost:9000", "path", "http://localhost:9000/runs/a%20b", "auto"),
        ("https://minio.example:9000", "virtual", "https://runs.minio.example:9000/a%20b", "auto"),
    ])
    func `a bucket's URL`(_ endpoint: String, _ style: String, _ url: String, _ region: String) throws {
        let location = try StoreSchemes.location("runs", at: StoreEndpoint(endpoint, addressing: style))
        let bucket = try #require(location as? BucketLocation)
        #expect(!StoreSchemes.isLocal(endpoint: endpoint) && !location.isLocal)
        #expect(bucket.url(key: "a b").text == url && bucket.region == region)
        #expect(try BucketLocation(endpoint: endpoint, bucket: "runs", region: "mine").region == "mine")
    }

    @Test(arguments: [
        ("file:///shared", "/shared/runs"), ("file:///shared/", "/shared/runs"), ("file:/a%20b", "/a b/runs"),
        ("file://localhost/x", "/x/runs"), ("FILE:///x", "/x/runs"),
    ])
    func `a folder's URL`(_ endpoint: String, _ path: String) throws {
        let location = try StoreSchemes.location("runs", at: StoreEndpoint(endpoint))
        #expect(location as? FolderLocation == FolderLocation(FilePath(path)))
        #expect(StoreSchemes.isLocal(endpoint: endpoint) && location.isLocal)
    }

    @Test(arguments: [
        ("file://host/x", "runs", "path", "three slashes"), ("file:x", "runs", "path", "three slashes"),
        ("file:///x", "", "path", "a folder in it"), ("file:///x", "..", "path", "a folder in it"),
        ("file:///x", "a/b", "path", "a folder in it"), ("file:///a%00", "runs", "path", "without zeros"),
        ("https://x.example", "runs", "dns", "must be path or virtual"),
        ("https://x.example", "my.runs", "virtual", "R2_ADDRESSING must be path"),
        ("http://127.0.0.1:9", "runs", "virtual", "R2_ADDRESSING must be path"),
        ("https://x.example/runs", "runs", "path", "without '/runs'"),
        ("https://runs.x.example", "runs", "virtual", "begins with the bucket's name"),
    ])
    func `a place that cannot be gets one clear line`(
        _ endpoint: String, _ bucket: String, _ style: String, _ part: String
    ) {
        let error = #expect(throws: StorageError.self) {
            try StoreSchemes.location(bucket, at: StoreEndpoint(endpoint, addressing: style))
        }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }

    @Test(arguments: [
        ("s3://runs", StoreAddress.object(bucket: "runs", key: "")), ("s3://runs/", .object(bucket: "runs", key: "")),
        ("S3://runs/a//b/../c%20", .object(bucket: "runs", key: "a//b/../c%20")), ("file:///a/b%20c", .file("/a/b c")),
        ("a/b", .file("a/b")), ("./x:y", .file("./x:y")), ("/abs", .file("/abs")),
        ("s3://runs/\u{301}x", .object(bucket: "runs", key: "\u{301}x")),
        ("s3://runs\u{600}/x", .object(bucket: "runs\u{600}", key: "x")),
        ("s3://\u{301}/x", .object(bucket: "\u{301}", key: "x")), ("file:///\u{301}x", .file("/\u{301}x")),
        ("file:\u{2F}\u{2F}\u{2F}a\u{600}/", .folder("/a\u{600}")), ("/\u{301}", .file("/\u{301}")),
        ("a/b/", .folder("a/b")), ("a//", .folder("a")), ("/", .folder("/")), (".", .folder(".")),
        ("a/..", .folder("a/..")), ("file:///a/b/", .folder("/a/b")), ("file:///a%2F", .folder("/a")),
        ("FILE://localhost/a/.", .folder("/a/.")),
    ])
    func `what people type`(_ text: String, _ address: StoreAddress) throws {
        #expect(try StoreAddress(text) == address)
    }

    @Test(arguments: ["", "s3://", "s3:///key", "gs://bucket/key", "https://x.example/a", "file://host/a", "file:a"])
    func `what is no place`(_ text: String) { #expect(throws: StorageError.self) { try StoreAddress(text) } }

    @Test(arguments: [
        ("1s", 1), ("90s", 90), ("20m", 1200), ("8h", 28_800), ("7d", 604_800), ("604800s", 604_800), ("0s", nil),
        ("8d", nil), ("604801s", nil), ("-1s", nil), ("+1s", nil), ("1", nil), ("h", nil), ("", nil), ("1w", nil),
        ("99999999999999999999d", nil), ("9223372036854775807d", nil),
    ])
    func `a presigned URL lives from a second to a week`(_ text: String, _ seconds: Int?) {
        #expect(PresignedLifetime(parsing: text)?.seconds == seconds)
    }

    private static let r2 = "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com"

    @Test(
        arguments: [
            (.wrongKey, "SignatureDoesNotMatch", r2, "R2_SECRET_ACCESS_KEY again"),
            (.wrongKey, "InvalidAccessKeyId", r2, "32 hexadecimal digits"),
            (.wrongKey, "Unauthorized", "https://s3.amazonaws.com", "make a key"),
            (.accessDenied, "AccessDenied", r2, "Object Read & Write"),
            (.accessDenied, "AccessDenied", r2, "0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com"),
            (.noSuchBucket, "NoSuchBucket", r2, ".fedramp.r2.cloudflarestorage.com"),
            (
                .noSuchBucket, "NoSuchBucket", r2.replacing(".r2.", with: ".eu.r2."),
                "try \(r2) or "
            ),
            (.other, "AuthorizationHeaderMalformed", "https://s3.amazonaws.com", "R2_REGION"),
            (.clockSkew, "RequestTimeTooSkewed", r2, "timedatectl"),
            (.unreachable, nil, "https://mine.r2.cloudflarestorage.com", "ACCOUNT_ID"),
        ] as [(StorageError.Code, String?, String, String)])
    func `what mends a failure`(_ code: StorageError.Code, _ s3Code: String?, _ endpoint: String, _ part: String) throws
    {
        let location = try StoreSchemes.location("runs", at: StoreEndpoint(endpoint))
        let advice = location.advice(on: StorageError(code, "x", "y", s3Code: s3Code), keyID: "too-short")
        #expect(advice?.contains(part) == true, "\(advice ?? "none")")
    }

    private static let boto = """
        import sys, datetime, botocore.auth
        from botocore.config import Config
        import boto3
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: datetime.datetime(2026, 1, 2, 3, 4, 5)
        for style in ["path", "virtual"]:
            s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="auto", aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="secret", aws_session_token=sys.argv[3] or None,
                config=Config(signature_version="s3v4", s3={"addressing_style": style}))
            for name in ["get_object", "put_object"]:
                print(s3.generate_presigned_url(name, Params={"Bucket": "runs", "Key": sys.argv[2]}, ExpiresIn=3600))
        """

    @Test(arguments: ["model.bin", "a b/ü+%&=.bin"], ["", "token/+=="])
    func `presigned URLs are botocore's`(_ key: String, _ token: String) async throws {
        let endpoint = "https://acc.r2.cloudflarestorage.com"
        let printed = try await Command(Checkout.python, ["-c", Self.boto, endpoint, key, token]).succeed()
        let moment = try #require(Timestamp(rfc3339: "2026-01-02T03:04:05Z"))
        let credentials = StorageCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("secret"),
            sessionToken: token.isEmpty ? nil : Secret(token))
        var ours: [String] = []
        for style in [BucketLocation.Addressing.path, .virtual] {
            let location = try BucketLocation(endpoint: endpoint, bucket: "runs", addressing: style)
            for method in ["GET", "PUT"] {
                ours.append(
                    SigV4Signer(credentials, region: location.region).presign(
                        method, location.url(key: key), seconds: 3600, at: moment
                    ).text)
            }
        }
        func parts(_ url: String) -> [String] {
            let halves = url.split(separator: "?")
            return [String(halves[0])] + halves[1].split(separator: "&").map(String.init).sorted()
        }
        #expect(ours.map(parts) == printed.split(separator: "\n").map { parts(String($0)) })
    }
}
