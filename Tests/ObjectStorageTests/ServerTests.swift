import HTTP
import Hashing
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// All operations with two real servers that differ in many details.
@Suite(.serialized, .s3Servers) struct ServerTests {
    @Test(arguments: ServerKind.allCases)
    func `a small object comes back`(_ kind: ServerKind) async throws {
        let client = try S3Servers.client(kind)
        let content = Array("some text".utf8)
        try await client.put("small/a.json", content, contentType: "application/json")
        #expect(try await client.get("small/a.json", limit: 100) == content)
        let status = try #require(try await client.head("small/a.json"))
        #expect(status.size == 9)
        #expect(try await client.get("small/none", limit: 100) == nil)
        #expect(try await client.head("small/none") == nil)
        try await client.delete("small/a.json")
        try await client.delete("small/a.json")
        #expect(try await client.get("small/a.json", limit: 100) == nil)
        #expect(abs(client.clockOffset) < 60)
    }

    @Test(arguments: ServerKind.allCases)
    func `an object longer than the limit is refused`(_ kind: ServerKind) async throws {
        let client = try S3Servers.client(kind)
        try await client.put("long", noise(2000), contentType: "text/plain")
        await #expect(throws: StorageError.self) { try await client.get("long", limit: 1999) }
        #expect(try await client.get("long", limit: 2000)?.count == 2000)
    }

    @Test(
        arguments: ServerKind.allCases,
        [
            "with space", "plus+percent%25&equals=semi;colon:", "(round) [square] {curly}", "quote'\"<xml>&amp;",
            "ünïcödé/文字/🙂", "tilde~!*@$,", "trailing.dot.", "a%2Fb", "question?mark#hash",
        ])
    func `an odd key is the same key everywhere`(_ kind: ServerKind, _ key: String) async throws {
        let client = try S3Servers.client(kind)
        let name = "odd/" + key
        try await client.put(name, Array(key.utf8), contentType: "text/plain")
        #expect(try await client.get(name, limit: 1000) == Array(key.utf8))
        #expect(try await client.list("odd/").contains { $0.key == name })
        try await client.delete(name)
        #expect(try await client.head(name) == nil)
    }

    @Test(arguments: ["a//b", "a/./b", "a/../b", "/front", "end/"])
    func `a key that looks like a path is not resolved`(_ key: String) async throws {
        let client = try S3Servers.client(.swift)
        let name = "dots/" + key
        try await client.put(name, Array(key.utf8), contentType: "text/plain")
        #expect(try await client.get(name, limit: 1000) == Array(key.utf8))
        #expect(try await client.list("dots/").map(\.key) == [name])
        try await client.delete(name)
    }

    @Test(
        arguments: ServerKind.allCases, [0, 1, 5_000_000, (5 << 20) - 1, 5 << 20, (5 << 20) + 1, 12 << 20, 17_000_003])
    func `a file comes back as it was`(_ kind: ServerKind, _ size: Int) async throws {
        let client = try S3Servers.client(kind)
        let folder = try TemporaryFolder()
        let content = noise(size)
        try FileSystem.write(content, to: folder("in"))
        let object = try await client.upload(folder("in"), to: "files/\(size)", progress: nil)
        #expect(object.size == Int64(size))
        #expect(object.parts.count == (size < 5 << 20 ? 1 : (size + (5 << 20) - 1) / (5 << 20)))
        #expect(object.parts.first == SHA256.hash(content.prefix(Int(max(1, object.partSize)))).hexadecimal)
        try await client.download(object, to: folder("out"), progress: nil)
        #expect(try FileSystem.read(folder("out")) == content)
        #expect(try FileSystem.names(in: folder.path).map(\.string) == ["in", "out"])
        #expect(try await client.verify(object))
        #expect(try await S3Servers.client(kind).verify(object), "also by a process that knows only the record")
    }

    @Test(arguments: ServerKind.allCases)
    func `a listing has all its pages`(_ kind: ServerKind) async throws {
        var options = S3Client.Options()
        options.objectsPerPage = 4
        let server = try S3Servers.server(kind)
        let client = S3Client(
            try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
            credentials: StorageCredentials(
                accessKeyID: server.accessKeyID, secretAccessKey: Secret(server.secretAccessKey)),
            client: HTTPClient(), policy: .quick, options: options)
        let keys = (10..<23).map { "pages/\($0) ü&+" }
        for key in keys { try await client.put(key, Array(key.utf8), contentType: "text/plain") }
        let listed = try await client.list("pages/")
        #expect(listed.map(\.key) == keys)
        #expect(listed.allSatisfy { $0.size == 13 })
        #expect(try await client.list("pages/22").map(\.key) == ["pages/22 ü&+"])
        #expect(try await client.list("none/") == [])
    }

    @Test(arguments: ServerKind.allCases)
    func `another content is seen by reading back`(_ kind: ServerKind) async throws {
        let client = try S3Servers.client(kind)
        let folder = try TemporaryFolder()
        try FileSystem.write(noise(6 << 20), to: folder("in"))
        let object = try await client.upload(folder("in"), to: "verified", once: false, progress: nil)
        #expect(try await client.verify(object))
        let anonymous = UploadedObject(
            key: object.key, size: object.size, partSize: object.partSize, parts: object.parts, uploadToken: "other")
        #expect(try await client.verify(anonymous), "the content is right, whoever wrote it")
        try FileSystem.write(noise(6 << 20, seed: 2), to: folder("in"))
        _ = try await client.upload(folder("in"), to: "verified", once: false, progress: nil)
        #expect(try await !client.verify(object))
        try await client.put("verified", [1], contentType: "text/plain")
        #expect(try await !client.verify(object))
        try await client.delete("verified")
        #expect(try await !client.verify(object))
    }

    @Test(arguments: [1 << 20, 6 << 20])
    func `what is written once is not replaced where the server can tell`(_ size: Int) async throws {
        let client = try S3Servers.client(.swift)
        let folder = try TemporaryFolder()
        let key = "once-\(size)"
        try FileSystem.write(noise(size), to: folder("in"))
        let first = try await client.upload(folder("in"), to: key)
        #expect(try await client.upload(folder("in"), to: key) == first, "the same content is there already")
        try FileSystem.write(noise(size, seed: 2), to: folder("in"))
        let error = await #expect(throws: StorageError.self) { try await client.upload(folder("in"), to: key) }
        #expect(error?.code == .preconditionFailed)
        #expect(try await client.verify(first))
        await #expect(throws: StorageError.self) {
            try await client.put(key, [1], contentType: "text/plain", once: true)
        }
        #expect(try await client.upload(folder("in"), to: key, once: false, progress: nil).uploadToken != "")
    }

    @Test(arguments: ServerKind.allCases)
    func `progress ends with the size`(_ kind: ServerKind) async throws {
        let client = try S3Servers.client(kind)
        let folder = try TemporaryFolder()
        let size = 11_000_000
        try FileSystem.write(noise(size), to: folder("in"))
        let most = Mutex<Int64>(0)
        let object = try await client.upload(folder("in"), to: "progress", once: false) { bytes in
            most.withLock { $0 = max($0, bytes) }
        }
        #expect(most.withLock { $0 } == size)
        most.withLock { $0 = 0 }
        try await client.download(object, to: folder("out")) { bytes in most.withLock { $0 = max($0, bytes) } }
        #expect(most.withLock { $0 } == size)
    }

    @Test(arguments: ServerKind.allCases)
    func `an upload that is not over is listed until it is aborted`(_ kind: ServerKind) async throws {
        let client = try S3Servers.client(kind)
        let folder = try TemporaryFolder()
        try FileSystem.write(noise(11 << 20), to: folder("in"))
        let key = "unfinished/with space ü+"
        // A cancelled upload is kept, because the same file may be uploaded again.
        let sending = Task { try await client.upload(folder("in"), to: key) }
        client.limits.bytesPerSecond = 8 << 20
        let listed = try await eventually { () throws -> [MultipartUpload]? in
            let uploads = try await client.multipartUploads("unfinished/")
            return uploads.isEmpty ? nil : uploads
        }
        sending.cancel()
        _ = await sending.result
        #expect(listed?.map(\.key) == [key])
        for upload in listed ?? [] { try await client.abort(upload) }
        #expect(try await client.multipartUploads("unfinished/").isEmpty)
    }

    @Test(arguments: ServerKind.allCases)
    func `a presigned URL opens one object`(_ kind: ServerKind) async throws {
        let client = try S3Servers.client(kind)
        try await client.put("presigned key", Array("open".utf8), contentType: "text/plain")
        let url = try client.presign(.get, "presigned key", for: .hour)
        let answer = try await HTTPClient().send(HTTPRequest("GET", url))
        #expect(answer.body == Array("open".utf8))
        let other = url.with(target: url.target.replacing("presigned", with: "another"))
        #expect(try await !HTTPClient().send(HTTPRequest("GET", other)).isSuccess)
    }

    private static let boto = """
        import sys, hashlib, boto3
        from boto3.s3.transfer import TransferConfig
        from botocore.config import Config
        endpoint, key, secret, bucket, down, up, file = sys.argv[1:]
        s3 = boto3.client("s3", endpoint_url=endpoint, region_name="auto", aws_access_key_id=key,
            aws_secret_access_key=secret, config=Config(request_checksum_calculation="when_required"))
        body = s3.get_object(Bucket=bucket, Key=down)["Body"].read()
        s3.upload_file(file, bucket, up, Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
        print(hashlib.sha256(body).hexdigest())
        """

    @Test(arguments: ServerKind.allCases, [1 << 20, 12 << 20])
    func `boto3 reads what we wrote, and we read what it wrote`(_ kind: ServerKind, _ size: Int) async throws {
        let server = try S3Servers.server(kind)
        let client = try S3Servers.client(kind)
        let folder = try TemporaryFolder()
        let content = noise(size, seed: 5)
        try FileSystem.write(content, to: folder("in"))
        let (ours, theirs) = ("boto/ours +ü \(size)", "boto/theirs +ü \(size)")
        let object = try await client.upload(folder("in"), to: ours)
        let hash = try await Command(
            Checkout.python,
            [
                "-c", Self.boto, server.endpoint, server.accessKeyID, server.secretAccessKey, server.bucket, ours,
                theirs, folder("in").string,
            ]
        ).succeed()
        #expect(hash == SHA256.hash(content).hexadecimal)
        let copy = UploadedObject(
            key: theirs, size: object.size, partSize: object.partSize, parts: object.parts, uploadToken: "")
        #expect(try await client.verify(copy))
        try await client.download(copy, to: folder("out"))
        #expect(try FileSystem.read(folder("out")) == content)
    }

    @Test(arguments: ServerKind.allCases)
    func `files may carry an MD5 besides`(_ kind: ServerKind) async throws {
        var options = S3Client.Options()
        options.minimumPartSize = 5 << 20
        options.sendsContentMD5 = true
        let server = try S3Servers.server(kind)
        let client = S3Client(
            try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
            credentials: StorageCredentials(
                accessKeyID: server.accessKeyID, secretAccessKey: Secret(server.secretAccessKey)),
            client: HTTPClient(), policy: .quick, options: options)
        let folder = try TemporaryFolder()
        for size in [1000, 6 << 20] {
            try FileSystem.write(noise(size), to: folder("in"))
            #expect(try await client.verify(client.upload(folder("in"), to: "md5-\(size)")))
        }
    }

    @Test func `an empty object that is not empty is seen`() async throws {
        let client = try S3Servers.client(.swift)
        let folder = try TemporaryFolder()
        try FileSystem.write([], to: folder("in"))
        let object = try await client.upload(folder("in"), to: "empty")
        try await client.put("empty", [1], contentType: "text/plain")
        let error = await #expect(throws: StorageError.self) { try await client.download(object, to: folder("out")) }
        #expect(error?.code == .corrupted)
    }
}
