import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// The behaviour of a folder as a bucket that other buckets cannot have.
struct FileStoreTests {
    private let folder: TemporaryFolder
    private let store: FileStore

    init() throws {
        folder = try TemporaryFolder()
        try FileSystem.makeFolder(folder("store"))
        store = FileStore(folder("store"))
    }

    private func put(_ key: String, _ text: String = "x", once: Bool = false) async throws(StorageError) {
        try await store.put(key, Array(text.utf8), contentType: "text/plain", once: once)
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a/..", "a\0b",
        String(repeating: "n", count: 256), ".caas-x.tmp", "a/.caas-fetch-1.data",
    ])
    func `a key that is no path below the folder is refused`(_ key: String) async throws {
        try folder.write("secret", "outside")
        await #expect(throws: StorageError.self) { try await put(key) }
        await #expect(throws: StorageError.self) { try await store.get(key, limit: 100) }
        await #expect(throws: StorageError.self) { try await store.head(key) }
        await #expect(throws: StorageError.self) { try await store.delete(key) }
        await #expect(throws: StorageError.self) { try await store.upload(folder("secret"), to: key) }
        #expect(try FileSystem.names(in: folder("store")).isEmpty)
        #expect(FileSystem.exists(folder("secret")))
    }

    /// A combining accent joins the slash before it into one character, an Arabic number sign the slash after it.
    @Test func `a key is its bytes`() async throws {
        let keys = ["a/\u{301}x/\u{301}", "a\u{600}/x", "e\u{301}", "\u{E9}", "\u{600}/\u{301}"]
        for key in keys {
            try await put(key, key)
            #expect(try await store.get(key, limit: 100) == Array(key.utf8))
            #expect(try await store.head(key)?.size == Int64(key.utf8.count))
        }
        func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }
        let sorted = bytes(keys).sorted { $0.lexicographicallyPrecedes($1) }
        #expect(bytes(try await store.list("").map(\.key)) == sorted)
        for (prefix, found) in [
            ("a/", 1), ("a/\u{301}", 1), ("a\u{600}/", 1), ("\u{600}/", 1), ("e", 1), ("\u{E9}", 1), ("a", 2),
        ] { #expect(try await store.list(prefix).count == found, "\(prefix)") }
        await #expect(throws: StorageError.self) { try await put("a/../\u{301}x") }
        await #expect(throws: StorageError.self) { try await put("\u{600}/../x") }
        for key in keys { try await store.delete(key) }
        #expect(try await store.list("").isEmpty)
    }

    @Test func `no link below the folder is followed`() async throws {
        try folder.write("outside/secret", "secret")
        try FileSystem.makeSymbolicLink(folder("store/out"), to: folder("outside"))
        try FileSystem.makeSymbolicLink(folder("store/file"), to: folder("outside/secret"))
        try await put("sub/a")
        try FileSystem.makeSymbolicLink(folder("store/sub/up"), to: "..")
        for key in ["out/secret", "file", "sub/up/sub/a"] {
            await #expect(throws: StorageError.self, "\(key)") { try await store.get(key, limit: 100) }
        }
        await #expect(throws: StorageError.self) { try await put("out/new") }
        await #expect(throws: StorageError.self) { try await store.delete("out/secret") }
        #expect(try FileSystem.names(in: folder("outside")).map(\.string) == ["secret"])
        // The link's name is replaced; its target is not written.
        try await put("file", "new")
        #expect(try FileSystem.read(folder("outside/secret")) == Array("secret".utf8))
        let found = try await page("")
        #expect(found.objects.map(\.key) == ["file", "sub/a"])
        #expect(
            found.leftOut == [LeftOut(path: "out", reason: .link), LeftOut(path: "sub/up", reason: .link)])
    }

    private func page(_ prefix: String, isShallow: Bool = false) async throws -> ListedPage {
        var pages: [ListedPage] = []
        try await store.list(prefix, isShallow: isShallow) { page in
            pages.append(page)
            return true
        }
        #expect(pages.count == 1)
        return pages[0]
    }

    @Test func `what is no file is told, and folders are told apart`() async throws {
        try await put("a/b/c")
        try await put("a/d")
        try Folder(folder("store/a")).makeFIFO("fifo", mode: 0o600)
        let strange = try #require(FilePath(platformString: [CChar(bitPattern: 0xFF), 0]).lastComponent)
        _ = try Folder(folder("store")).create(strange, mode: 0o600)
        let all = try await page("")
        #expect(all.objects.map(\.key) == ["a/b/c", "a/d"])
        #expect(Set(all.leftOut.map(\.reason)) == [.special, .name])
        let shallow = try await page("a/", isShallow: true)
        #expect(shallow.objects.map(\.key) == ["a/d"] && shallow.folders == ["a/b/"])
    }

    @Test func `a folder that is not there is not made`() async throws {
        let nowhere = FileStore(folder("not-mounted"))
        for attempt in 0..<2 {
            let error = await #expect(throws: StorageError.self) {
                if attempt == 0 {
                    try await nowhere.put("a", [1], contentType: "", once: false)
                } else {
                    _ = try await nowhere.list("")
                }
            }
            #expect(error?.code == .noSuchBucket && error?.message.contains("mount the file system") == true)
        }
        #expect(!FileSystem.exists(folder("not-mounted")))
    }

    @Test func `what killed writers left is swept, what others write is not`() async throws {
        let place = try Folder(folder("store"))
        func leave(_ name: String, daysAgo: Int64 = 0) throws -> File {
            let file = try place.create(try #require(FilePath.Component(name)), mode: 0o600)
            try file.write(Array("half".utf8))
            try file.setModified(seconds: SystemClock.nanoseconds / 1_000_000_000 - daysAgo * 86_400)
            return file
        }
        let ours = ".caas-\(UnfinishedFile.machine)-"
        _ = try leave(ours + "dead.tmp")
        let alive = try leave(ours + "alive.tmp")
        #expect(try alive.lock(wait: false))
        _ = try leave(".caas-another-young.tmp")
        _ = try leave(".caas-another-old.tmp", daysAgo: 2)
        _ = try leave(".caas-fetch-1.data", daysAgo: 2)
        try await put("a")
        let kept = [".caas-\(UnfinishedFile.machine)-alive.tmp", ".caas-another-young.tmp", ".caas-fetch-1.data", "a"]
        #expect(try FileSystem.names(in: folder("store")).map(\.string).sorted() == kept.sorted())
        _ = try leave(ours + "dead.tmp")
        #expect(try await store.list("").map(\.key) == ["a"])
        #expect(try FileSystem.names(in: folder("store")).map(\.string).sorted() == kept.sorted())
        try alive.write([1])
    }

    @Test func `of many who write once at the same moment one succeeds, and folders come and go meanwhile`()
        async throws
    {
        for round in 0..<5 {
            let key = "deep/er/\(round)"
            let outcomes = await withTaskGroup(of: String?.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        do throws(StorageError) {
                            try await put(key, "writer \(writer)", once: true)
                            return "writer \(writer)"
                        } catch { return error.code == .preconditionFailed ? nil : "\(error)" }
                    }
                    group.addTask {
                        let other = "deep/er/other-\(writer)"
                        do throws(StorageError) {
                            try await put(other)
                            try await store.delete(other)
                            return nil
                        } catch { return "\(error)" }
                    }
                }
                return await group.reduce(into: [String]()) { all, one in if let one { all.append(one) } }
            }
            #expect(outcomes.count == 1)
            #expect(try await store.get(key, limit: 100) == outcomes.first.map { Array($0.utf8) })
            try await store.delete(key)
            #expect(try FileSystem.names(in: folder("store")).isEmpty, "empty folders go with the last file")
        }
    }

    @Test(.enabled(if: CurrentUser.id != 0, "root may write everywhere"))
    func `a folder that may only be read says so`() async throws {
        try FileSystem.setMode(folder("store"), 0o500)
        defer { try? FileSystem.setMode(folder("store"), 0o700) }
        let error = await #expect(throws: StorageError.self) { try await put("a") }
        #expect(error?.code == .accessDenied)
    }

    @Test(.enabled(if: CurrentUser.id == 0, "mounting a small file system takes root"))
    func `a full file system is a reason to wait, and leaves nothing behind`() async throws {
        try await Command(
            "mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder("store").string]
        ).succeed()
        do {
            try FileSystem.write(noise(3 << 20), to: folder("in"))
            let error = await #expect(throws: StorageError.self) { try await store.upload(folder("in"), to: "a/b") }
            #expect(error?.code == .unreachable && error?.message.contains("free some space") == true)
            #expect(try await store.list("") == [])
            #expect(try FileSystem.names(in: folder("store/a")).isEmpty)
            try FileSystem.write(noise(1 << 20), to: folder("in"))
            // A process that another test forks at this moment keeps removed files open until it calls exec.
            let object = try await eventually { try? await store.upload(folder("in"), to: "a/b") }
            #expect(try await store.verify(#require(object)))
        } catch {
            _ = try? await Command("umount", ["--lazy", folder("store").string]).run()
            throw error
        }
        try await Command("umount", ["--lazy", folder("store").string]).succeed()
    }
}
