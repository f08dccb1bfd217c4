import ImageBuild
import ImageLayers
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

@Suite struct CachePrunerTests {
    private let folder: TemporaryFolder
    private let store: ImageStore
    private var caches: CachePruner { CachePruner(home: folder("home"), store: store) }

    init() throws {
        folder = try TemporaryFolder()
        store = try ImageStore(at: folder("home/store"))
    }

    private func names(_ cache: String) throws -> [String] {
        try FileSystem.names(in: folder("home/cache/\(cache)")).map(\.string)
    }

    @Test func `a note about a layer that is gone goes, and others stay`() throws {
        let kept = try store.add(Array("layer".utf8), mediaType: .layer)
        try folder.write("home/cache/layers/kept.json", #"{"digest":"\#(kept.digest)"}"#)
        try folder.write("home/cache/layers/gone.json", #"{"digest":"\#(Digest(of: [1]))"}"#)
        try folder.write("home/cache/layers/other.json", "no JSON")
        let dry = caches.prune(all: false, usedBefore: .max, dryRun: true)
        #expect(try names("layers").count == 3)
        #expect(caches.prune(all: false, usedBefore: .max, dryRun: false) == dry)
        #expect(dry == [.init(name: "layers", entries: 1, bytes: 84)])
        #expect(try names("layers") == ["kept.json", "other.json"])
    }

    @Test func `all of a cache goes but what is used, or was lately`() throws {
        try folder.write("home/cache/downloads/a/file", "1234")
        try folder.write("home/cache/downloads/b/file", "1234")
        let used = try File(folder("home/cache/downloads/b"), .read)
        #expect(try used.lock(wait: false, shared: true))
        #expect(caches.prune(all: false, usedBefore: .max, dryRun: false).isEmpty)
        #expect(caches.prune(all: true, usedBefore: 1, dryRun: false).isEmpty)
        #expect(
            caches.prune(all: true, usedBefore: .max, dryRun: false) == [
                .init(name: "downloads", entries: 1, bytes: 4)
            ])
        #expect(try names("downloads") == ["b"])
        _ = consume used
    }

    @Test func `what builds share stays while one runs`() throws {
        try folder.write("home/cache/pip/http/file", "1234")
        try folder.write("home/cache/layers/note.json", "{}")
        try folder.write("home/cache/run/root/locks/lock", "")
        let builder = ImageBuilder(store: store, home: folder("home"), bases: FixedBases(), entrypointFolders: [])
        let pruned = caches.prune(all: true, usedBefore: .max, dryRun: false)
        #expect(pruned.flatMap(\.failures) == ["a build is running, so that what it shares stays"])
        #expect(try names("pip") == ["http"])
        _ = consume builder
        let freed = caches.prune(all: true, usedBefore: .max, dryRun: false).map(\.name)
        #expect(freed == ["layers", "pip"])
        #expect(try names("pip").isEmpty)
        #expect(try names("run") == ["root"])
        try FileSystem.removeTree(folder("home/cache"))
        #expect(caches.prune(all: true, usedBefore: .max, dryRun: false).isEmpty)
    }

    @Test func `what a killed build left goes when it is old`() throws {
        try folder.write("home/cache/tmp/build-1/file", "1234")
        #expect(caches.prune(all: false, usedBefore: .max, dryRun: false).isEmpty)
        try Folder(folder("home/cache/tmp")).setModified("build-1", seconds: 7)
        #expect(caches.prune(all: false, usedBefore: .max, dryRun: false).first?.entries == 1)
        #expect(try names("tmp").isEmpty)
    }
}
