import HTTP
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Copies within one service.
@Suite(.serialized, .s3Servers) struct CopyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: ServerKind.allCases, [0, 1000, 17_000_003])
    func `real servers copy, and the copy is known to be the same`(_ kind: ServerKind, _ size: Int) async throws {
        let client = try S3Servers.client(kind)
        let source = "copy/from ü+%25 \(size)"
        try FileSystem.write(noise(size), to: folder("in"))
        _ = try await client.upload(folder("in"), to: source, once: false, progress: nil)
        let most = Mutex<Int64>(0)
        let isProved = try await client.copy(source, from: client, to: "copy/to \(size)", once: false) { moved in
            most.withLock { $0 = max($0, moved) }
        }
        #expect(isProved == true && most.withLock { $0 } == Int64(size))
        _ = try await client.fetch("copy/to \(size)", to: folder("out"))
        #expect(try FileSystem.read(folder("out")) == noise(size))
        #expect(try await client.isSame(source, as: "copy/to \(size)", in: client))
        let error = await #expect(throws: StorageError.self) {
            try await client.copy("copy/none", from: client, to: "copy/x", once: false)
        }
        #expect(error?.code == .noSuchKey)
    }

    /// Returns a double that stores an object in several parts.
    private func double(size: Int = 5 << 20) async throws -> R2Double {
        let server = try await R2Double()
        try FileSystem.write(noise(size), to: folder("in"))
        _ = try await server.client().upload(folder("in"), to: "from", progress: nil)
        return server
    }

    @Test(arguments: [1000, 5 << 20])
    func `no byte of a copy passes through this machine`(_ size: Int) async throws {
        let server = try await double(size: size)
        let client = try server.client()
        let before = server.requests.count
        #expect(try await client.copy("from", from: client, to: "to", once: true) == true)
        #expect(server.object("to")?.content == noise(size))
        #expect(server.object("to")?.metadata == server.object("from")?.metadata)
        #expect(server.object("to")?.etag == server.object("from")?.etag)
        #expect(server.requests[before...].allSatisfy { $0.method != "GET" && $0.body.count < 2000 })
        let error = await #expect(throws: StorageError.self) {
            try await client.copy("from", from: client, to: "to", once: true)
        }
        #expect(error?.code == .preconditionFailed)
        #expect(server.uploads.isEmpty)
    }

    @Test(arguments: [1000, 5 << 20])
    func `a service that breaks down is asked again, and one that cannot copy says so`(_ size: Int) async throws {
        let server = try await double(size: size)
        let client = try server.client()
        server.change { $0.copying = .breaksDown(2) }
        #expect(try await client.copy("from", from: client, to: "to", once: false) == true)
        for copying in [R2Double.Copying.refuses, .ignores] {
            server.change { $0.copying = copying }
            #expect(try await client.copy("from", from: client, to: "other", once: false) == nil)
            #expect(server.uploads.isEmpty)
        }
        server.change { $0.copying = .breaksDown(100) }
        let error = await #expect(throws: StorageError.self) {
            try await client.copy("from", from: client, to: "third", once: false)
        }
        #expect(error?.code == .unreachable && error?.s3Code == "InternalError")
        #expect(server.object("third") == nil && server.uploads.isEmpty)
    }

    @Test(arguments: [Fault.loseAnswer, .cutAnswer(20), Mishap.answer(200, "InternalError")])
    func `a copy whose last answer is no good one counts`(_ fault: Fault) async throws {
        let server = try await double()
        let proxy = try await FaultProxy(server.endpoint) { request in
            request.isComplete && request.repetition == 0 ? fault : .none
        }
        let client = try server.client(endpoint: proxy.endpoint)
        #expect(try await client.copy("from", from: client, to: "to", once: false) == true)
        #expect(server.object("to")?.content == noise(5 << 20))
        #expect(server.uploads.isEmpty)
    }

    @Test func `another service is none of its business`() async throws {
        let (one, two) = (try await double(), try await R2Double())
        #expect(try await two.client().copy("from", from: one.client(), to: "to", once: false) == nil)
    }
}
