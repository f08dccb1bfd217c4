import HTTP
import POSIX
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Timestamps

@testable import ObjectStorage

/// Second processes that resume the upload of a first one; both share only the journal's folder.
struct ResumeTests {
    private static let size = (10 << 20) + 12_345

    /// A file of eleven parts, and a server reached through a proxy.
    private final class Scene: Sendable {
        let server: R2Double
        let folder: TemporaryFolder
        let content: [UInt8]
        let proxy: FaultProxy
        private let fault: FaultSwitch
        var file: FilePath { folder("in") }
        var journal: FilePath { folder("journal") }

        init() async throws {
            let fault = FaultSwitch()
            server = try await R2Double()
            folder = try TemporaryFolder()
            content = noise(ResumeTests.size, seed: 11)
            proxy = try await FaultProxy(server.endpoint) { fault.decide($0) }
            self.fault = fault
            try FileSystem.write(content, to: folder("in"))
        }

        /// Sets the fault from now on.
        func fail(_ decide: @escaping @Sendable (FaultProxy.Request) -> Fault) { fault.set(decide) }

        /// Creates a client as in a separate process.
        func client(
            partSize: Int64 = 1 << 20, _ change: (inout S3Client.Options) -> Void = { _ in }
        ) throws -> S3Client {
            try server.client(endpoint: proxy.endpoint, partSize: partSize) { options in
                options.journal = journal
                change(&options)
            }
        }

        /// Uploads until a part is refused; returns the upload ID.
        func interrupt() async throws -> String {
            // Four parts are sent at once: the fifth follows when the first of them is finished.
            let parts = PartCounter()
            fail {
                $0.isPart && parts.count() > 4 ? .answer(403, "<Error><Code>AccessDenied</Code></Error>") : .none
            }
            let error = await #expect(throws: StorageError.self) { try await client().upload(file, to: "key") }
            #expect(error?.code == .accessDenied)
            let upload = try #require(server.uploads.first)
            #expect(upload.value.parts.count >= 1 && upload.value.parts.count < 11)
            #expect(try FileSystem.names(in: journal).count == 1)
            fail { _ in .none }
            return upload.key
        }

        func expectPublished(_ object: UploadedObject, _ other: [UInt8]? = nil) async throws {
            #expect(fingerprint(server.object("key")?.content) == fingerprint(other ?? content))
            #expect(try await client().verify(object))
            #expect(server.uploads.isEmpty, "nothing is left behind")
            #expect(try FileSystem.names(in: journal).isEmpty)
        }
    }

    /// Numbers the parts in the order of arrival, from 1.
    private final class PartCounter: Sendable {
        private let parts = Mutex(0)
        func count() -> Int {
            parts.withLock { parts in
                parts += 1
                return parts
            }
        }
    }

    @Test func `another process sends only what is missing, cut as the first one did`() async throws {
        let scene = try await Scene()
        let id = try await scene.interrupt()
        let most = Mutex<Int64>(0)
        // Its own part size would differ.
        let object = try await scene.client(partSize: 3 << 20).upload(scene.file, to: "key") { bytes in
            most.withLock { $0 = max($0, bytes) }
        }
        #expect(object.partSize == 1 << 20 && object.parts.count == 11)
        #expect(scene.server.object("key")?.uploadID == id)
        #expect(scene.server.repeated(id) == [])
        #expect(most.withLock { $0 } == Int64(Self.size), "what was there already counts as sent")
        try await scene.expectPublished(object)
    }

    @Test func `a part that is not what the file holds is sent again`() async throws {
        let scene = try await Scene()
        let id = try await scene.interrupt()
        let damaged = try #require(scene.server.uploads[id]?.parts.keys.min())
        scene.server.state.withLock { state in
            state.uploads[id]?.parts[damaged]?.content[0] ^= 1
            state.uploads[id]?.parts[damaged]?.etag = "00000000000000000000000000000000"
        }
        let object = try await scene.client().upload(scene.file, to: "key")
        #expect(scene.server.repeated(id) == [damaged])
        try await scene.expectPublished(object)
    }

    @Test func `another content under the same name starts over`() async throws {
        let scene = try await Scene()
        let id = try await scene.interrupt()
        let other = noise(Self.size, seed: 12)
        try FileSystem.write(other, to: scene.file)
        let object = try await scene.client().upload(scene.file, to: "key")
        #expect(scene.server.object("key")?.uploadID != id)
        try await scene.expectPublished(object, other)
    }

    @Test func `an upload that the server forgot starts over`() async throws {
        let scene = try await Scene()
        let id = try await scene.interrupt()
        scene.server.forgetUploads()
        let object = try await scene.client().upload(scene.file, to: "key")
        #expect(scene.server.object("key")?.uploadID != id)
        try await scene.expectPublished(object)
    }

    @Test func `an upload older than seven days starts over`() async throws {
        let scene = try await Scene()
        let id = try await scene.interrupt()
        let later = 7 * 86_400 + 60
        scene.server.change { $0.clockOffset = later }
        let object = try await scene.client { $0.clock = { .now() + later } }.upload(scene.file, to: "key")
        #expect(scene.server.object("key")?.uploadID != id)
        #expect(scene.server.uploads.isEmpty, "the old one takes no space")
        #expect(object.parts.count == 11)
    }

    @Test(arguments: [true, false])
    func `a Complete whose answer nobody heard is found by the next process`(keepsMetadata: Bool) async throws {
        let scene = try await Scene()
        scene.server.change { $0.keepsMetadata = keepsMetadata }
        scene.fail { request in
            if request.isComplete { return .loseAnswer }
            return request.method == "HEAD" ? .answer(503, "") : .none
        }
        let error = await #expect(throws: StorageError.self) { try await scene.client().upload(scene.file, to: "key") }
        #expect(error?.code == .unreachable, "\(error?.description ?? "")")
        let id = try #require(scene.server.object("key")?.uploadID)
        scene.fail { _ in .none }
        let object = try await scene.client().upload(scene.file, to: "key")
        #expect(scene.server.state.withLock { $0.count } == 1, "nothing was begun a second time")
        #expect(scene.server.received(id).values.allSatisfy { $0 == 1 })
        try await scene.expectPublished(object)
    }

    @Test func `a part that the server lost is all that is sent again`() async throws {
        let scene = try await Scene()
        let server = scene.server
        scene.fail { request in
            if request.isComplete, request.repetition == 1 {
                server.state.withLock { state in
                    for id in state.uploads.keys { state.uploads[id]?.parts[3] = nil }
                }
            }
            return .none
        }
        let object = try await scene.client().upload(scene.file, to: "key")
        let id = try #require(server.object("key")?.uploadID)
        #expect(server.received(id)[3] == 2 && server.repeated(id) == [])
        #expect(fingerprint(server.object("key")?.content) == fingerprint(scene.content))
        #expect(try await scene.client().verify(object))
    }

    @Test func `parts that R2 calls unequal are sent anew, and twice that is the end`() async throws {
        let scene = try await Scene()
        scene.server.change { $0.leastPart = 2 << 20 }
        let error = await #expect(throws: StorageError.self) { try await scene.client().upload(scene.file, to: "key") }
        #expect(error?.s3Code == "EntityTooSmall")
        #expect(error?.requestID == "request-7")
        #expect(scene.server.state.withLock { $0.count } == 3)
        #expect(scene.server.object("key") == nil)
    }

    @Test func `a journal that cannot be written is said, and the upload goes on`() async throws {
        let scene = try await Scene()
        try FileSystem.write([], to: scene.journal)
        let notices = Mutex<[String]>([])
        let client = try scene.client { $0.notice = { line in notices.withLock { $0.append(line) } } }
        let object = try await client.upload(scene.file, to: "key")
        #expect(try await client.verify(object))
        let line = try #require(notices.withLock { $0.first })
        #expect(line.contains("starts over if this process is killed: cannot make folder"), "\(line)")
    }

    @Test(arguments: [
        "", "{", "{\"version\": 1}",
        "{\"version\": 2, \"place\": \"p\", \"upload_id\": \"u\", \"part_size\": 1, \"token\": \"t\", \"started\": 0, "
            + "\"file\": {\"inode\": 1, \"size\": 1, \"modified\": 1, \"changed\": 1}}",
    ])
    func `a torn record counts for nothing`(_ text: String) async throws {
        let scene = try await Scene()
        _ = try await scene.interrupt()
        let name = try #require(FileSystem.names(in: scene.journal).first)
        try FileSystem.write(Array(text.utf8), to: scene.journal.appending(name))
        let object = try await scene.client().upload(scene.file, to: "key")
        #expect(fingerprint(scene.server.object("key")?.content) == fingerprint(scene.content))
        #expect(object.parts.count == 11)
    }
}
