import HTTP
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Timestamps

@testable import ObjectStorage

/// Faults between client and server, and the state of the bucket afterwards.
@Suite(.serialized, .s3Servers) struct FaultTests {
    private static let twelve = 12 << 20

    /// Creates a file of three parts and a client that reaches the server through a proxy.
    private static func scene(
        _ kind: ServerKind, size: Int = twelve, stallSeconds: Int = 30,
        _ decide: @escaping @Sendable (FaultProxy.Request) -> Fault
    ) async throws -> (client: S3Client, proxy: FaultProxy, folder: TemporaryFolder, content: [UInt8]) {
        let server = try S3Servers.server(kind)
        let proxy = try await FaultProxy(server.endpoint, decide)
        let folder = try TemporaryFolder()
        let content = noise(size, seed: 7)
        try FileSystem.write(content, to: folder("in"))
        let client = try S3Servers.client(server, endpoint: proxy.endpoint, stallSeconds: stallSeconds)
        return (client, proxy, folder, content)
    }

    private static func expectWhole(
        _ object: UploadedObject, _ content: [UInt8], _ kind: ServerKind, in folder: TemporaryFolder
    ) async throws {
        let client = try S3Servers.client(kind)
        #expect(try await client.verify(object))
        try await client.download(object, to: folder("out"))
        #expect(try FileSystem.read(folder("out")) == content)
    }

    @Test(arguments: ServerKind.allCases)
    func `a wrong secret fails at once and says what to check`(_ kind: ServerKind) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let client = try S3Servers.client(kind, secret: "wrong", policy: RetryPolicy())
        let error = await #expect(throws: StorageError.self) {
            try await client.put("x", [1], contentType: "text/plain")
        }
        #expect(error?.code == .wrongKey, "\(error?.description ?? "")")
        #expect(error?.message.hasSuffix("check R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY") == true)
        // Five attempts with their pauses would take longer even on an idle machine.
        #expect(clock.now - start < .seconds(60))
        let head = await #expect(throws: StorageError.self) { try await client.head("x") }
        #expect(head?.code == .accessDenied || head?.code == .wrongKey, "\(head?.description ?? "")")
    }

    @Test(arguments: ServerKind.allCases)
    func `an unknown key fails as a wrong one`(_ kind: ServerKind) async throws {
        let server = try S3Servers.server(kind)
        let client = S3Client(
            try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
            credentials: StorageCredentials(accessKeyID: "unknown", secretAccessKey: .init("wrong")),
            client: HTTPClient())
        let error = await #expect(throws: StorageError.self) { try await client.list("") }
        #expect(error?.code == .wrongKey, "\(error?.description ?? "")")
    }

    @Test(arguments: ServerKind.allCases)
    func `a bucket that is not there is named`(_ kind: ServerKind) async throws {
        let server = try S3Servers.server(kind)
        let client = S3Client(
            try BucketLocation(endpoint: server.endpoint, bucket: "missing"),
            credentials: StorageCredentials(
                accessKeyID: server.accessKeyID, secretAccessKey: .init(server.secretAccessKey)),
            client: HTTPClient())
        for attempt in [
            { try await client.put("x", [1], contentType: "text/plain") }, { _ = try await client.list("") },
        ] {
            let error = await #expect(throws: StorageError.self) { try await attempt() }
            #expect(error?.code == .noSuchBucket, "\(error?.description ?? "")")
        }
        let error = await #expect(throws: StorageError.self) { try await client.get("x", limit: 10) }
        #expect(error?.code == .noSuchBucket, "\(error?.description ?? "")")
    }

    @Test func `nobody listens`() async throws {
        let port = try #require(FreePort.find(1).first)
        let client = try S3Servers.client(S3Servers.server(.rclone), endpoint: "http://127.0.0.1:\(port)")
        let error = await #expect(throws: StorageError.self) { try await client.get("x", limit: 10) }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("check R2_ENDPOINT_URL") == true)
    }

    @Test(arguments: ServerKind.allCases, [3600, -3600])
    func `a clock that is an hour off is set by the server's`(_ kind: ServerKind, _ offset: Int) async throws {
        let server = try S3Servers.server(kind)
        var options = S3Client.Options()
        options.clock = { .now() + offset }
        let client = S3Client(
            try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
            credentials: StorageCredentials(
                accessKeyID: server.accessKeyID, secretAccessKey: .init(server.secretAccessKey)),
            client: HTTPClient(), policy: .never, options: options)
        try await client.put("clock", [1], contentType: "text/plain")
        #expect(abs(client.clockOffset + offset) < 30)
        #expect(try await client.head("clock")?.size == 1)
    }

    @Test(arguments: ServerKind.allCases)
    func `a connection reset in a part is begun again`(_ kind: ServerKind) async throws {
        let (client, proxy, folder, content) = try await Self.scene(kind) {
            $0.isPart && $0.repetition < 3 ? .reset(after: 1 << 20) : .none
        }
        let object = try await client.upload(folder("in"), to: "reset", progress: nil)
        try await Self.expectWhole(object, content, kind, in: folder)
        withExtendedLifetime(proxy) {}
    }

    @Test(arguments: ServerKind.allCases, [1 << 20, 12 << 20])
    func `a burst of 503 is waited out`(_ kind: ServerKind, _ size: Int) async throws {
        let slowDown = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
        let (client, proxy, folder, content) = try await Self.scene(kind, size: size) {
            $0.repetition < 3 ? .answer(503, slowDown) : .none
        }
        let object = try await client.upload(folder("in"), to: "burst-\(size)", progress: nil)
        try await Self.expectWhole(object, content, kind, in: folder)
        withExtendedLifetime(proxy) {}
    }

    @Test func `a server that is always busy is said to be`() async throws {
        let (client, proxy, folder, _) = try await Self.scene(.rclone) { _ in .answer(503, "") }
        let error = await #expect(throws: StorageError.self) { try await client.upload(folder("in"), to: "busy") }
        #expect(error?.code == .unreachable)
        withExtendedLifetime(proxy) {}
    }

    @Test(arguments: ServerKind.allCases)
    func `an error inside a 200 is no success`(_ kind: ServerKind) async throws {
        let late = "\n\n<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>late</Message></Error>"
        let (client, proxy, folder, content) = try await Self.scene(kind) {
            $0.isComplete && $0.repetition < 2 ? .answer(200, late) : .none
        }
        let object = try await client.upload(folder("in"), to: "late", progress: nil)
        try await Self.expectWhole(object, content, kind, in: folder)
        withExtendedLifetime(proxy) {}
    }

    @Test(arguments: ServerKind.allCases)
    func `an error inside every 200 fails`(_ kind: ServerKind) async throws {
        let late = "<Error><Code>InvalidPart</Code><Message>late</Message></Error>"
        let (client, proxy, folder, _) = try await Self.scene(kind) { $0.isComplete ? .answer(200, late) : .none }
        let error = await #expect(throws: StorageError.self) { try await client.upload(folder("in"), to: "never") }
        #expect(error?.s3Code == "InvalidPart")
        #expect(try await S3Servers.client(kind).head("never") == nil)
        withExtendedLifetime(proxy) {}
    }

    @Test(arguments: ServerKind.allCases, [1 << 20, 12 << 20])
    func `the lost answer to a success is found out`(_ kind: ServerKind, _ size: Int) async throws {
        let (client, proxy, folder, content) = try await Self.scene(kind, size: size) {
            ($0.isComplete || ($0.method == "PUT" && !$0.isPart)) && $0.repetition < 2 ? .loseAnswer : .none
        }
        let object = try await client.upload(folder("in"), to: "lost-\(size)", progress: nil)
        try await Self.expectWhole(object, content, kind, in: folder)
        withExtendedLifetime(proxy) {}
    }

    @Test(arguments: ServerKind.allCases)
    func `a server that says nothing is asked again`(_ kind: ServerKind) async throws {
        let (client, proxy, folder, content) = try await Self.scene(kind, stallSeconds: 2) {
            $0.isPart && $0.repetition == 0 ? .stall : .none
        }
        let object = try await client.upload(folder("in"), to: "stall", progress: nil)
        try await Self.expectWhole(object, content, kind, in: folder)
        withExtendedLifetime(proxy) {}
    }

    @Test(arguments: ServerKind.allCases, [4 << 20, 12 << 20])
    func `a file that changes while it is sent is never published`(_ kind: ServerKind, _ size: Int) async throws {
        let folder = try TemporaryFolder()
        try FileSystem.write(noise(size), to: folder("in"))
        let file = folder("in")
        let key = "changing-\(size)"
        let isChanged = Mutex(false)
        let client = try S3Servers.client(kind)
        let error = await #expect(throws: StorageError.self) {
            try await client.upload(file, to: key) { _ in
                isChanged.withLock { isChanged in
                    if isChanged { return }
                    isChanged = true
                    try? Array("changed".utf8).withUnsafeBytes {
                        try File(file, .update(mode: 0o644)).write($0, at: Int64(size - 100))
                    }
                }
            }
        }
        #expect(error?.code == .changedWhileRead, "\(error?.description ?? "")")
        #expect(try await client.head(key) == nil)
        #expect(try await client.multipartUploads(key).isEmpty, "its parts take no space")
    }

    @Test func `what is no regular file is refused`() async throws {
        let folder = try TemporaryFolder()
        let client = try S3Servers.client(.rclone)
        for path in [folder.path, folder("none")] {
            let error = await #expect(throws: StorageError.self) { try await client.upload(path, to: "x") }
            #expect(error?.code == .local)
        }
    }

    @Test(arguments: ServerKind.allCases)
    func `an answer that is cut off or damaged is fetched again`(_ kind: ServerKind) async throws {
        for fault in [Fault.cutAnswer(1000), .corruptAnswer] {
            let (client, proxy, folder, content) = try await Self.scene(kind) {
                $0.method == "GET" && $0.repetition < 2 ? fault : .none
            }
            let object = try await client.upload(folder("in"), to: "damaged", once: false, progress: nil)
            try await client.download(object, to: folder("out"))
            #expect(try FileSystem.read(folder("out")) == content)
            withExtendedLifetime(proxy) {}
        }
    }

    @Test(arguments: ServerKind.allCases)
    func `a list that came damaged is asked for again, and one that always does is an error`(
        _ kind: ServerKind
    ) async throws {
        for times in [2, Int.max] {
            let (client, proxy, folder, _) = try await Self.scene(kind) {
                $0.target.contains("list-type") && $0.asked < times
                    ? .answer(200, "<ListBucketResult><Contents>") : .none
            }
            _ = try await client.upload(folder("in"), to: "listed-\(times)", once: false, progress: nil)
            if times == 2 {
                #expect(try await client.list("listed-2").map(\.key) == ["listed-2"])
            } else {
                let error = await #expect(throws: StorageError.self) { try await client.list("listed-") }
                #expect(error?.message.contains("cannot read XML") == true)
            }
            withExtendedLifetime(proxy) {}
        }
    }

    @Test(arguments: ServerKind.allCases)
    func `a file that never comes whole gets no name`(_ kind: ServerKind) async throws {
        for (fault, code) in [(Fault.cutAnswer(1000), StorageError.Code.unreachable), (.corruptAnswer, .corrupted)] {
            let (client, proxy, folder, _) = try await Self.scene(kind) { $0.method == "GET" ? fault : .none }
            let object = try await client.upload(folder("in"), to: "broken", once: false, progress: nil)
            let error = await #expect(throws: StorageError.self) {
                try await client.download(object, to: folder("out"))
            }
            #expect(error?.code == code, "\(error?.description ?? "")")
            #expect(try FileSystem.names(in: folder.path).map(\.string) == ["in"])
            withExtendedLifetime(proxy) {}
        }
    }

    @Test func `an upload goes through once the killed server is back`() async throws {
        let first = try await RcloneS3Server()
        let folder = try TemporaryFolder()
        let content = noise(40 << 20, seed: 3)
        try FileSystem.write(content, to: folder("in"))
        let client = try S3Servers.client(first)
        let error = await #expect(throws: StorageError.self) {
            try await client.upload(folder("in"), to: "killed") { if $0 > 8 << 20 { first.program.signal(9) } }
        }
        #expect(error?.code == .unreachable, "\(error?.description ?? "")")
        let port = try HTTPURL(first.endpoint).port
        let second = try await RcloneS3Server(storage: first.storage, port: port)
        let object = try await client.upload(folder("in"), to: "killed")
        try await client.download(object, to: folder("out"))
        #expect(try FileSystem.read(folder("out")) == content)
        withExtendedLifetime(second) {}
    }

    /// R2 refuses parts of unequal length, checksums in trailers, bodies without a length, and never answers an Expect.
    /// <https://developers.cloudflare.com/r2/api/s3/api/>
    @Test func `what is sent is what R2 takes`() async throws {
        let requests = Mutex<[FaultProxy.Request]>([])
        let (client, proxy, folder, content) = try await Self.scene(.swift) { request in
            requests.withLock { $0.append(request) }
            return .none
        }
        let object = try await client.upload(folder("in"), to: "wire", progress: nil)
        try await client.put("wire.json", content.suffix(100), contentType: "application/json", once: true)
        try await client.download(object, to: folder("out"))
        _ = try await client.list("wire")
        let seen = requests.withLock { $0 }
        #expect(seen.count == 10)
        for request in seen {
            #expect(request.headers["x-amz-content-sha256"]?.count == 64)
            #expect(request.headers["expect"] == nil && request.headers["transfer-encoding"] == nil)
            #expect(!request.headers.keys.contains { $0.hasPrefix("x-amz-checksum") || $0 == "accept-encoding" })
            if request.method == "PUT" { #expect(request.headers["content-length"] != nil) }
        }
        let lengths = seen.filter(\.isPart).sorted { $0.target < $1.target }.map { $0.headers["content-length"] }
        #expect(lengths == ["5242880", "5242880", "2097152"])
        withExtendedLifetime(proxy) {}
    }
}
