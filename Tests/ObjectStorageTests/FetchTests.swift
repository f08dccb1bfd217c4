import HTTP
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Downloads of objects for which no part hashes are known.
@Suite(.serialized, .s3Servers) struct FetchTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Returns a client that transfers one part at a time, so that an interruption leaves some parts.
    private func slow(_ kind: ServerKind) throws -> S3Client {
        var options = S3Client.Options()
        options.minimumPartSize = 5 << 20
        options.partsAtOnce = 1
        options.mostPartsAtOnce = 1
        let server = try S3Servers.server(kind)
        return S3Client(
            try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
            credentials: StorageCredentials(
                accessKeyID: server.accessKeyID, secretAccessKey: Secret(server.secretAccessKey)),
            client: HTTPClient(), policy: .quick, options: options)
    }

    @Test(arguments: ServerKind.allCases, [0, 1, 5 << 20, 17_000_003])
    func `an object comes by its key alone, and not a second time`(_ kind: ServerKind, _ size: Int) async throws {
        let client = try S3Servers.client(kind)
        try FileSystem.write(noise(size), to: folder("in"))
        _ = try await client.upload(folder("in"), to: "fetch/\(size)", once: false, progress: nil)
        let fetched = try await client.fetch("fetch/\(size)", to: folder("out"))
        #expect(fetched == FetchedObject(size: Int64(size), received: Int64(size), isVerified: true))
        #expect(try FileSystem.read(folder("out")) == noise(size))
        #expect(try FileSystem.names(in: folder.path).map(\.string) == ["in", "out"])
        let again = try await client.fetch("fetch/\(size)", to: folder("out"))
        #expect(again == FetchedObject(size: Int64(size), received: 0, isVerified: true))
        try FileSystem.write(noise(size + 1), to: folder("out"))
        #expect(try await client.fetch("fetch/\(size)", to: folder("out")).received == Int64(size))
        #expect(try FileSystem.read(folder("out")) == noise(size))
        let error = await #expect(throws: StorageError.self) {
            try await client.fetch("fetch/none", to: folder("none"))
        }
        #expect(error?.code == .noSuchKey)
    }

    /// Fetches until the given number of bytes are present, then cancels.
    private func interrupt(_ client: S3Client, _ key: String, at bytes: Int64) async throws {
        let target = folder("out")
        let task = Mutex<Task<Void, any Error>?>(nil)
        let started = Task {
            try await Task.sleep(for: .milliseconds(50))
            _ = try await client.fetch(key, to: target) { moved in
                if moved >= bytes { task.withLock { $0?.cancel() } }
            }
        }
        task.withLock { $0 = started }
        await #expect(throws: (any Error).self) { try await started.value }
        #expect(!FileSystem.exists(target))
    }

    @Test(arguments: ServerKind.allCases)
    func `an interrupted fetch goes on where it was`(_ kind: ServerKind) async throws {
        let client = try slow(kind)
        try FileSystem.write(noise(17_000_003), to: folder("in"))
        _ = try await client.upload(folder("in"), to: "fetch/resumed", once: false, progress: nil)
        try await interrupt(client, "fetch/resumed", at: 11 << 20)
        let fetched = try await client.fetch("fetch/resumed", to: folder("out"))
        #expect(fetched.received <= 17_000_003 - (10 << 20) && fetched.received > 0 && fetched.isVerified)
        #expect(try FileSystem.read(folder("out")) == noise(17_000_003))
        #expect(try FileSystem.names(in: folder.path).map(\.string) == ["in", "out"])
    }

    @Test func `of those who fetch to one place at once only one writes`() async throws {
        let client = try S3Servers.client(.rclone)
        try FileSystem.write(noise(17_000_003), to: folder("in"))
        _ = try await client.upload(folder("in"), to: "fetch/twice", once: false, progress: nil)
        let target = folder("out")
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do throws(StorageError) {
                        return "\(try await client.fetch("fetch/twice", to: target).isVerified)"
                    } catch { return error.message }
                }
            }
            return await group.reduce(into: [String]()) { $0.append($1) }
        }
        // A call that waited too long reports it; no call damages another's finished file.
        #expect(outcomes.contains("true"))
        #expect(outcomes.allSatisfy { $0 == "true" || $0.contains("another process writes") }, "\(outcomes)")
        #expect(try FileSystem.read(folder("out")) == noise(17_000_003))
    }

    @Test func `what was fetched of another object does not count`() async throws {
        let client = try slow(.swift)
        try FileSystem.write(noise(17_000_003), to: folder("in"))
        _ = try await client.upload(folder("in"), to: "fetch/replaced", once: false, progress: nil)
        try await interrupt(client, "fetch/replaced", at: 11 << 20)
        try FileSystem.write(noise(17_000_003, seed: 2), to: folder("in"))
        _ = try await client.upload(folder("in"), to: "fetch/replaced", once: false, progress: nil)
        #expect(try await client.fetch("fetch/replaced", to: folder("out")).received == 17_000_003)
        #expect(try FileSystem.read(folder("out")) == noise(17_000_003, seed: 2))
    }

    @Test func `what was damaged on the disk meanwhile is noticed, and the next call begins`() async throws {
        let client = try slow(.rclone)
        try FileSystem.write(noise(17_000_003), to: folder("in"))
        _ = try await client.upload(folder("in"), to: "fetch/damaged", once: false, progress: nil)
        try await interrupt(client, "fetch/damaged", at: 11 << 20)
        let data = try #require(try FileSystem.names(in: folder.path).first { $0.string.hasSuffix(".data") })
        let file = try File(folder.path.appending(data), .update(mode: 0o600))
        // The journal does not show which parts are present.
        try noise(16, seed: 9).withUnsafeBytes { bytes in
            for part in 0..<3 { try file.write(bytes, at: Int64(part * 5 << 20 + 1000)) }
        }
        let error = await #expect(throws: StorageError.self) {
            try await client.fetch("fetch/damaged", to: folder("out"))
        }
        #expect(error?.code == .corrupted && !FileSystem.exists(folder("out")))
        #expect(try await client.fetch("fetch/damaged", to: folder("out")).received == 17_000_003)
    }

    @Test func `what is noted of a file that is gone does not count`() async throws {
        let client = try slow(.rclone)
        try FileSystem.write(noise(17_000_003), to: folder("in"))
        _ = try await client.upload(folder("in"), to: "fetch/gone", once: false, progress: nil)
        try await interrupt(client, "fetch/gone", at: 11 << 20)
        let data = try #require(try FileSystem.names(in: folder.path).first { $0.string.hasSuffix(".data") })
        try FileSystem.remove(folder.path.appending(data))
        #expect(try await client.fetch("fetch/gone", to: folder("out")).received == 17_000_003)
        #expect(try FileSystem.read(folder("out")) == noise(17_000_003))
        #expect(try FileSystem.names(in: folder.path).map(\.string) == ["in", "out"])
    }

    @Test(arguments: [
        ("d41d8cd98f00b204e9800998ecf8427e", 0, true), ("D41D8CD98F00B204E9800998ECF8427E", 0, true),
        ("d41d8cd98f00b204e9800998ecf8427f", 0, false), ("opaque", 0, false), ("", 0, false),
        ("d41d8cd98f00b204e9800998ecf8427e-", 0, false), ("d41d8cd98f00b204e9800998ecf8427e-0", 0, false),
    ])
    func `an ETag that fits proves the content`(_ etag: String, _ size: Int, _ isSame: Bool) async throws {
        try FileSystem.write(noise(size), to: folder("in"))
        #expect(try await S3Client.isSame(folder("in"), size: Int64(size), etag: etag) == isSame)
    }
}
