import CLinux
import HTTP
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import HTTP
@testable import ObjectStorage

/// Uploads to a server that waits for the parts in order, while the awaited part is held up.
@Suite struct InOrderTests {
    private static let partSize = 1 << 20
    private static let parts = 24

    private let folder: TemporaryFolder
    private let content = noise(Self.parts * Self.partSize - 77, seed: 31)

    init() throws {
        folder = try TemporaryFolder()
        try FileSystem.write(content, to: folder("in"))
    }

    /// Uploads the file through a proxy and compares every byte.
    private func upload(
        _ server: R2Double, _ proxy: InOrderProxy, policy: RetryPolicy = .quick, stallSeconds: Int = 30
    ) async throws {
        let client = try server.client(
            endpoint: proxy.endpoint, stallSeconds: stallSeconds, policy: policy
        ) { $0.partsAtOnce = 8 }
        let object = try await client.upload(folder("in"), to: "key", progress: nil)
        #expect(try await client.verify(object))
        #expect(fingerprint(server.object("key")?.content) == fingerprint(content))
    }

    @Test(arguments: [0, 1 << 19, 3 << 20, 256 << 20])
    func `it ends however little the server keeps of what comes early`(_ mostAhead: Int) async throws {
        let server = try await R2Double()
        try await upload(server, try await InOrderProxy(server.endpoint, mostAhead: mostAhead))
    }

    @Test(arguments: [1, 2, 13])
    func `a part that is refused again and again finds a place each time`(_ part: Int) async throws {
        let server = try await R2Double()
        let proxy = try await InOrderProxy(server.endpoint, mostAhead: 2 << 20) { number, asked in
            number == part && asked < 3 ? .refused(500) : .taken
        }
        try await upload(server, proxy)
    }

    @Test func `those that wait for a part that is never read lose no try by it`() async throws {
        let server = try await R2Double()
        // Three times in a row the server reads nothing of the awaited part, nor of the others.
        let proxy = try await InOrderProxy(server.endpoint, mostAhead: 1 << 20) { number, asked in
            number == 3 && asked < 3 ? .ignored : .taken
        }
        try await upload(server, proxy, stallSeconds: 2)
        #expect(proxy.heldBack > 0)
    }

    @Test func `a part that no server takes ends the upload`() async throws {
        let server = try await R2Double()
        let proxy = try await InOrderProxy(server.endpoint, mostAhead: 1 << 20) { number, _ in
            number == 2 ? .ignored : .taken
        }
        let client = try server.client(
            endpoint: proxy.endpoint, stallSeconds: 5, policy: RetryPolicy(attempts: 2, firstBound: 0.1))
        let error = await #expect(throws: StorageError.self) {
            try await client.upload(folder("in"), to: "key", progress: nil)
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("part 2 of \(Self.parts)") == true, "\(error?.message ?? "")")
    }

    @Test func `many files at once end`() async throws {
        let server = try await R2Double()
        let proxy = try await InOrderProxy(server.endpoint, mostAhead: 1 << 19) { number, asked in
            number == 2 && asked < 2 ? .refused(503) : .taken
        }
        let client = try server.client(endpoint: proxy.endpoint) { $0.mostPartsAtOnce = 4 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask { [file = folder("in")] in
                    _ = try await client.upload(file, to: "key-\(number)", progress: nil)
                }
            }
            try await group.waitForAll()
        }
        for number in 0..<6 { #expect(fingerprint(server.object("key-\(number)")?.content) == fingerprint(content)) }
    }

    @Test func `what threads without a processor have begun others end`() async throws {
        let server = try await R2Double()
        let proxy = try await InOrderProxy(server.endpoint, mostAhead: 1 << 20)
        let isStopped = Mutex(false)
        var settings = HTTPClient.Configuration()
        settings.isBackground = true
        settings.whileYielding = {
            while isStopped.withLock({ $0 }) { BlockingThread.sleep(milliseconds: 5) }
        }
        var options = S3Client.Options()
        options.isBackground = true
        options.minimumPartSize = Int64(Self.partSize) + 1
        let client = S3Client(
            try BucketLocation(endpoint: proxy.endpoint, bucket: R2Double.bucket, region: "auto"),
            credentials: StorageCredentials(
                accessKeyID: R2Double.accessKeyID, secretAccessKey: Secret(R2Double.secret)),
            client: HTTPClient(settings), options: options)
        // The server stops in the middle of the upload.
        let object = try await client.upload(folder("in"), to: "key") { bytes in
            if bytes > 3 << 20 { isStopped.withLock { $0 = true } }
        }
        isStopped.withLock { $0 = false }
        #expect(try await client.verify(object))
        #expect(fingerprint(server.object("key")?.content) == fingerprint(content))
    }
}
