import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// Uploads of many files at once.
struct FolderUploadTests {
    /// A file store that counts concurrent uploads and refuses selected keys.
    private final class Watched: WrappedStore {
        struct State: Sendable {
            var running = 0
            var most = 0
            var uploads: [String: Int] = [:]
            var refused: Set<String> = []
        }

        let state = Mutex(State())
        let wrapped: FileStore
        init(_ folder: FilePath) { wrapped = FileStore(folder) }

        func upload(
            _ file: FilePath, to key: String, once: Bool, progress: (@Sendable (Int64) -> Void)?
        ) async throws(StorageError) -> UploadedObject {
            let isRefused = state.withLock { state in
                state.running += 1
                state.most = max(state.most, state.running)
                state.uploads[key, default: 0] += 1
                return state.refused.contains(key)
            }
            defer { state.withLock { $0.running -= 1 } }
            // Takes as long as a response would, so that uploads overlap.
            try? await Task.sleep(for: .milliseconds(5))
            if isRefused { throw StorageError(.unreachable, "upload \(key)", "refused") }
            return try await wrapped.upload(file, to: key, once: once, progress: progress)
        }
    }

    /// The latest note and the number of notes.
    private final class Notes: Sendable {
        let state = Mutex<(latest: [FileRecord], count: Int)>(([], 0))
        var latest: [FileRecord] { state.withLock { $0.latest } }
        func take(_ records: [FileRecord]) async {
            try? await Task.sleep(for: .milliseconds(3))
            state.withLock { $0 = (records, $0.count + 1) }
        }
    }

    private let folder: TemporaryFolder
    private let store: Watched
    private let files: [UploadFile]
    private let notes = Notes()

    init() throws {
        folder = try TemporaryFolder()
        try FileSystem.makeFolder(folder("bucket"))
        store = Watched(folder("bucket"))
        var files: [UploadFile] = []
        for number in 0..<100 {
            try folder.write("files/\(number)", String(repeating: "x", count: number))
            files.append(try Self.file("part/\(number)", folder("files/\(number)")))
        }
        self.files = files
    }

    private static func file(_ name: String, _ path: FilePath) throws -> UploadFile {
        UploadFile(name: try #require(RelativePath(name)), path: path, status: try FileStatus(path))
    }

    private func upload(done: [FileRecord] = []) -> FolderUpload {
        FolderUpload(store, to: "run/", sent: SentFiles(), done: done) { [notes] in await notes.take($0) }
    }

    @Test func `several go at once, and the records come in the order of paths`() async throws {
        let most = Most()
        let records = try await upload().send(files) { most.note($0) }
        #expect(records.map(\.path) == files.map(\.name).sorted())
        #expect(records.map(\.size).reduce(0, +) == 4950 && most.value == 4950)
        #expect((2...8).contains(store.state.withLock { $0.most }))
        #expect(notes.latest == records, "the last note has everything")
        #expect(notes.state.withLock { $0.count } < 100, "a note is not written for every file")
    }

    @Test func `what went through is not sent again`() async throws {
        store.state.withLock { $0.refused = ["run/part/42"] }
        let first = upload()
        await #expect(throws: StorageError.self) { try await first.send(files) }
        let noted = notes.latest
        #expect(!noted.contains { $0.path.description == "part/42" })
        store.state.withLock { $0.refused = [] }
        // Another process has only the notes.
        let records = try await upload(done: noted).send(files)
        #expect(records.count == 100)
        let uploads = store.state.withLock { $0.uploads }
        #expect(noted.allSatisfy { uploads[$0.key] == 1 })
        #expect(uploads["run/part/42"] == 2)
    }

    @Test func `a bucket that holds something else is noticed`() async throws {
        let records = try await upload().send(files)
        try FileSystem.write(Array("another".utf8), to: folder("bucket/run/part/7"))
        await #expect(throws: SupervisionError.self) { try await upload(done: records).send(files) }
    }

    @Test func `a file that changed since it was sent is sent again, and one that is gone does not count`() async throws
    {
        let upload = upload()
        let first = try await upload.send(files)
        try folder.write("files/7", "another content")
        let now = try files.dropLast().map { try Self.file($0.name.description, $0.path) }
        let second = try await upload.send(now)
        #expect(second.count == 99)
        let changed = second.filter { record in !first.contains { $0.parts == record.parts && $0.path == record.path } }
        #expect(changed.map(\.path.description) == ["part/7"])
        let content = try await store.get("run/part/7", limit: 99)
        #expect(content.map { String(decoding: $0, as: UTF8.self) } == "another content")
    }

    @Test func `names that Unicode takes for one are two objects, and so are names that are no UTF-8`() async throws {
        let names: [[UInt8]] = [
            Array("e\u{301}".utf8), Array("\u{E9}".utf8), [0x61, 0xFF], [0x61, 0xFE], Array("a\u{FFFD}".utf8),
        ]
        var files: [UploadFile] = []
        for (index, bytes) in names.enumerated() {
            let name = try #require(RelativePath(bytes))
            try folder.write("odd/\(index)", "content \(index)")
            let path = folder("odd/\(index)")
            files.append(UploadFile(name: name, path: path, status: try FileStatus(path)))
        }
        let records = try await upload().send(files)
        #expect(Set(records.map(\.key)).count == 5)
        for record in records {
            let index = try #require(names.firstIndex(of: record.path.bytes))
            let content = try await store.get(record.key, limit: 99)
            #expect(content.map { String(decoding: $0, as: UTF8.self) } == "content \(index)")
        }
    }

    private final class Most: Sendable {
        private let number = Mutex<Int64>(0)
        var value: Int64 { number.withLock { $0 } }
        func note(_ value: Int64) { number.withLock { $0 = max($0, value) } }
    }
}
