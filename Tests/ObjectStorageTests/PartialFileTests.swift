import HTTP
import POSIX
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// The temporary files of interrupted downloads.
struct PartialFileTests {
    private static let size = (9 << 20) + 77

    /// An object of ten parts, of which a first client has fetched some and then failed.
    private final class Scene: Sendable {
        let server: R2Double
        /// The proxy that counts the second client's requests.
        let proxy: FaultProxy
        let folder: TemporaryFolder
        let content: [UInt8]
        let object: UploadedObject
        /// The requested ranges.
        let asked: Asked
        var target: FilePath { folder("out/model.bin") }

        init() async throws {
            let asked = Asked()
            server = try await R2Double()
            proxy = try await FaultProxy(server.endpoint) { request in
                if let range = request.headers["range"] { asked.note(range) }
                return .none
            }
            self.asked = asked
            folder = try TemporaryFolder()
            content = noise(PartialFileTests.size, seed: 41)
            try FileSystem.write(content, to: folder("in"))
            try FileSystem.makeFolder(folder("out"))
            object = try await server.client().upload(folder("in"), to: "key")
        }

        func client() throws -> S3Client { try server.client(endpoint: proxy.endpoint) }

        /// Fetches until the eighth part is refused; returns the temporary file's path.
        func interrupt() async throws -> FilePath {
            let refusing = try await FaultProxy(server.endpoint) { request in
                request.headers["range"]?.hasPrefix("bytes=\(7 << 20)-") == true
                    ? .answer(403, "<Error><Code>AccessDenied</Code></Error>") : .none
            }
            let first = try server.client(endpoint: refusing.endpoint)
            await #expect(throws: StorageError.self) { try await first.download(object, to: target) }
            let names = try FileSystem.names(in: folder("out")).map(\.string)
            #expect(names.count == 1 && names.first?.hasPrefix(".model.bin.") == true)
            return folder("out/\(names.first ?? "")")
        }

        func expectWhole() throws {
            #expect(try fingerprint(FileSystem.read(target)) == fingerprint(content))
            #expect(try FileSystem.names(in: folder("out")).map(\.string) == ["model.bin"])
        }
    }

    private final class Asked: Sendable {
        private let ranges = Mutex<[String]>([])
        func note(_ range: String) { ranges.withLock { $0.append(range) } }
        var count: Int { ranges.withLock { $0.count } }
        var all: [String] { ranges.withLock { $0 } }
    }

    @Test func `another process fetches only what is missing`() async throws {
        let scene = try await Scene()
        let partial = try await scene.interrupt()
        #expect(PartialFile.path(of: scene.object, to: scene.target) == partial)
        let there = PartialFile.bytes(of: scene.object, to: scene.target)
        #expect(there > 0 && there < Int64(Self.size))
        let most = Mutex<Int64>(0)
        try await scene.client().download(scene.object, to: scene.target) { bytes in
            most.withLock { $0 = max($0, bytes) }
        }
        #expect((1...9).contains(scene.asked.count), "\(scene.asked.all)")
        #expect(most.withLock { $0 } == Int64(Self.size))
        try scene.expectWhole()
    }

    @Test func `what was damaged on the disk is fetched again`() async throws {
        let scene = try await Scene()
        let partial = try await scene.interrupt()
        try [UInt8](repeating: 0xEE, count: 10).withUnsafeBytes {
            try File(partial, .update(mode: 0o644)).write($0, at: 1000)
        }
        try await scene.client().download(scene.object, to: scene.target)
        #expect(scene.asked.all.contains("bytes=0-\((1 << 20) - 1)"))
        try scene.expectWhole()
    }

    @Test func `what is left of another object of that name goes`() async throws {
        let scene = try await Scene()
        _ = try await scene.interrupt()
        let other = noise(Self.size, seed: 42)
        try FileSystem.write(other, to: scene.folder("in"))
        let object = try await scene.server.client().upload(scene.folder("in"), to: "key", once: false, progress: nil)
        try await scene.client().download(object, to: scene.target)
        #expect(scene.asked.count == 10)
        #expect(try fingerprint(FileSystem.read(scene.target)) == fingerprint(other))
        #expect(try FileSystem.names(in: scene.folder("out")).map(\.string) == ["model.bin"])
    }

    @Test func `nothing stays of an object that is gone`() async throws {
        let scene = try await Scene()
        _ = try await scene.interrupt()
        try await scene.server.client().delete("key")
        let error = await #expect(throws: StorageError.self) {
            try await scene.client().download(scene.object, to: scene.target)
        }
        #expect(error?.code == .noSuchKey)
        #expect(try FileSystem.names(in: scene.folder("out")).isEmpty)
    }

    @Test func `two downloads of one object to one name do not disturb each other`() async throws {
        let scene = try await Scene()
        async let first: Void = scene.client().download(scene.object, to: scene.target)
        async let second: Void = scene.client().download(scene.object, to: scene.target)
        _ = try await (first, second)
        try scene.expectWhole()
    }

    @Test func `a name that has no room for more is no trouble`() async throws {
        let scene = try await Scene()
        let long = scene.folder("out").appending(String(repeating: "n", count: 255))
        try await scene.client().download(scene.object, to: long)
        #expect(try fingerprint(FileSystem.read(long)) == fingerprint(scene.content))
    }
}
