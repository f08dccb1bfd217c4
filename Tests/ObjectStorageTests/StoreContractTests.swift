import HTTP
import Hashing
import ObjectStorage
import POSIX
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// The kinds of stores.
enum StoreKind: CaseIterable, Sendable, CustomTestStringConvertible {
    case swift
    case rclone
    /// Behind a proxy that takes parts in order and buffers little of early ones.
    case inOrder
    case folder

    var testDescription: String {
        switch self {
        case .swift: "OpenStack Swift"
        case .rclone: "rclone"
        case .inOrder: "rclone in order"
        case .folder: "a folder"
        }
    }

    /// Opens the bucket of the running server, or a store in a new folder inside `folder`.
    func open(_ folder: TemporaryFolder) throws -> any ObjectStore {
        switch self {
        case .swift: return try S3Servers.client(.swift)
        case .rclone: return try S3Servers.client(.rclone)
        case .inOrder:
            let servers = try #require(S3Servers.current)
            return try S3Servers.client(servers.rclone, endpoint: servers.inOrder.endpoint)
        case .folder:
            try FileSystem.makeFolder(folder("store"))
            return FileStore(folder("store"))
        }
    }
}

/// The behaviour that runs rely on, of buckets and folders alike.
@Suite(.serialized, .s3Servers) struct StoreContractTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: StoreKind.allCases)
    func `a small object comes back, until it is deleted`(_ kind: StoreKind) async throws {
        let store = try kind.open(folder)
        let content = Array("some text".utf8)
        #expect(try await store.head("contract/small/a.json") == nil)
        #expect(try await store.get("contract/small/a.json", limit: 100) == nil)
        try await store.put("contract/small/a.json", content, contentType: "application/json")
        #expect(try await store.get("contract/small/a.json", limit: 9) == content)
        await #expect(throws: StorageError.self) { try await store.get("contract/small/a.json", limit: 8) }
        #expect(try await store.head("contract/small/a.json")?.size == 9)
        try await store.put("contract/small/a.json", [1], contentType: "application/json")
        #expect(try await store.get("contract/small/a.json", limit: 9) == [1])
        try await store.delete("contract/small/a.json")
        try await store.delete("contract/small/a.json")
        #expect(try await store.get("contract/small/a.json", limit: 9) == nil)
        #expect(abs(store.clockOffset) < 60)
    }

    @Test(arguments: StoreKind.allCases)
    func `keys are listed in their order, by what they begin with`(_ kind: StoreKind) async throws {
        let store = try kind.open(folder)
        let keys = ["contract/l/a", "contract/l/a.b", "contract/l/a0/x", "contract/l/ab/y", "contract/l/ü/z z+%&"]
        for key in keys.reversed() { try await store.put(key, Array(key.utf8), contentType: "text/plain") }
        let listed = try await store.list("contract/l/")
        #expect(listed.map(\.key) == keys)
        #expect(listed.map(\.size) == keys.map { Int64($0.utf8.count) })
        #expect(listed.allSatisfy { $0.lastModified != nil && !$0.etag.isEmpty })
        #expect(try await store.list("contract/l/a").map(\.key) == Array(keys.dropLast()))
        #expect(try await store.list("contract/l/a0").map(\.key) == ["contract/l/a0/x"])
        #expect(try await store.list("contract/l/a/") == [])
        #expect(try await store.list("contract/none/") == [])
        for key in keys { try await store.delete(key) }
        #expect(try await store.list("contract/l/") == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `pages end where the caller ends them, and folders stand for what is in them`(_ kind: StoreKind) async throws {
        let store = try kind.open(folder)
        let keys = ["contract/p/a", "contract/p/b/c", "contract/p/b/d", "contract/p/e/f/g"]
        for key in keys { try await store.put(key, [1], contentType: "text/plain") }
        var listed: [String] = []
        try await store.list("contract/p/", isShallow: false) { page in
            #expect(page.folders.isEmpty && page.leftOut.isEmpty)
            listed += page.objects.map(\.key)
            return false
        }
        #expect(!listed.isEmpty && listed == Array(keys.prefix(listed.count)))
        var shallow: [String] = []
        try await store.list("contract/p/", isShallow: true) { page in
            shallow += page.objects.map(\.key) + page.folders
            return true
        }
        #expect(shallow.sorted() == ["contract/p/a", "contract/p/b/", "contract/p/e/"])
        #expect(try await store.folders("contract/p/") == ["contract/p/b/", "contract/p/e/"])
    }

    @Test(arguments: StoreKind.allCases, [0, 6_000_001])
    func `an object without a record is fetched and compared`(_ kind: StoreKind, _ size: Int) async throws {
        let store = try kind.open(folder)
        try FileSystem.write(noise(size), to: folder("in"))
        let key = "contract/fetched/\(size)"
        let object = try await store.upload(folder("in"), to: key)
        let fetched = try await store.fetch(key, to: folder("out"), progress: nil)
        #expect(fetched.size == Int64(size) && fetched.isVerified)
        #expect(try FileSystem.read(folder("out")) == noise(size))
        let listed = try #require(try await store.list(key).first)
        #expect(try await store.holds(listed, contentOf: folder("out"), progress: nil))
        #expect(try await !store.holds(listed, contentOf: folder("none"), progress: nil))
        try FileSystem.write(noise(max(1, size), seed: 3), to: folder("out"))
        #expect(try await !store.holds(listed, contentOf: folder("out"), progress: nil))
        #expect(store.traits.provesByListing || !store.proves(object, listed))
        let other = ListedObject(key: listed.key, size: listed.size + 1, etag: listed.etag)
        #expect(!store.proves(object, other), "another size is another object")
        await #expect(throws: StorageError.self) {
            try await store.fetch(key + "-none", to: folder("none"), progress: nil)
        }
        #expect(!FileSystem.exists(folder("none")))
    }

    @Test(arguments: StoreKind.allCases, [0, 1, 12_000_001])
    func `a file comes back as it was, and is verified`(_ kind: StoreKind, _ size: Int) async throws {
        let store = try kind.open(folder)
        let content = noise(size)
        try FileSystem.write(content, to: folder("in"))
        let most = Mutex<Int64>(0)
        let object = try await store.upload(folder("in"), to: "contract/files/\(size)") { bytes in
            most.withLock { $0 = max($0, bytes) }
        }
        #expect(most.withLock { $0 } == size && object.size == Int64(size))
        #expect(try await store.verify(object))
        most.withLock { $0 = 0 }
        try await store.download(object, to: folder("out")) { bytes in most.withLock { $0 = max($0, bytes) } }
        #expect(most.withLock { $0 } == size)
        #expect(try FileSystem.read(folder("out")) == content)
        let left = try FileSystem.names(in: folder.path).map(\.string)
        #expect(left == (kind == .folder ? ["in", "out", "store"] : ["in", "out"]))
    }

    @Test(arguments: StoreKind.allCases)
    func `another content is noticed`(_ kind: StoreKind) async throws {
        let store = try kind.open(folder)
        try FileSystem.write(noise(6 << 20), to: folder("in"))
        let object = try await store.upload(folder("in"), to: "contract/other", once: false, progress: nil)
        try FileSystem.write(noise(6 << 20, seed: 2), to: folder("in"))
        _ = try await store.upload(folder("in"), to: "contract/other", once: false, progress: nil)
        #expect(try await !store.verify(object))
        let error = await #expect(throws: StorageError.self) {
            try await store.download(object, to: folder("out"))
        }
        #expect(error?.code == .corrupted && !FileSystem.exists(folder("out")))
        try await store.delete("contract/other")
        #expect(try await !store.verify(object))
        await #expect(throws: StorageError.self) { try await store.download(object, to: folder("out")) }
    }

    @Test(arguments: [StoreKind.swift, .folder], [1000, 6 << 20])
    func `what is written once is not replaced`(_ kind: StoreKind, _ size: Int) async throws {
        let store = try kind.open(folder)
        let key = "contract/once-\(size)"
        try FileSystem.write(noise(size), to: folder("in"))
        let first = try await store.upload(folder("in"), to: key)
        let again = try await store.upload(folder("in"), to: key)
        #expect(again.parts == first.parts, "the same content is there already")
        try FileSystem.write(noise(size, seed: 2), to: folder("in"))
        let error = await #expect(throws: StorageError.self) { try await store.upload(folder("in"), to: key) }
        #expect(error?.code == .preconditionFailed)
        let small = await #expect(throws: StorageError.self) {
            try await store.put(key, [1], contentType: "text/plain", once: true)
        }
        #expect(small?.code == .preconditionFailed)
        #expect(try await store.verify(first))
    }

    @Test(arguments: StoreKind.allCases)
    func `a file that changes while it is read is not published`(_ kind: StoreKind) async throws {
        let store = try kind.open(folder)
        let file = folder("in")
        try FileSystem.write(noise(12 << 20), to: file)
        let isFirst = Mutex(true)
        let error = await #expect(throws: StorageError.self) {
            try await store.upload(file, to: "contract/changing") { _ in
                guard
                    isFirst.withLock({ first in
                        defer { first = false }; return first
                    })
                else { return }
                try? File(file, .append(mode: 0o644)).write([1])
            }
        }
        #expect(error?.code == .changedWhileRead)
        #expect(try await store.head("contract/changing") == nil)
        #expect(try await store.list("contract/changing") == [])
    }

    @Test(
        arguments: StoreKind.allCases,
        [
            "with space", "plus+percent%25&equals=semi;colon:", "(round) [square] {curly}", "quote'\"<xml>&amp;",
            "ünïcödé/文字/🙂", "tilde~!*@$,", "trailing.dot.", "a%2Fb", "question?mark#hash", ".hidden", "..two",
            "new\tline",
        ])
    func `an odd key is one key`(_ kind: StoreKind, _ key: String) async throws {
        let store = try kind.open(folder)
        let name = "contract/odd/" + key
        try await store.put(name, Array(key.utf8), contentType: "text/plain")
        #expect(try await store.get(name, limit: 1000) == Array(key.utf8))
        #expect(try await store.list("contract/odd/").map(\.key) == [name])
        try await store.delete(name)
        #expect(try await store.head(name) == nil)
    }
}
