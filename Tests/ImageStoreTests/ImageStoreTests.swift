import Hashing
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct ImageStoreTests {
    private let fixture: StoreFixture
    private var store: ImageStore { fixture.store }

    init() throws { fixture = try StoreFixture() }

    @Test func `a blob is kept only if it is what was announced`() throws {
        let content = Array("content".utf8)
        let right = Descriptor(mediaType: .layer, digest: Digest(of: content), size: 7)
        let wrong: [(descriptor: Descriptor, reason: String)] = [
            (
                Descriptor(mediaType: .layer, digest: Digest(of: [1]), size: 7),
                "its content has the digest \(right.digest)"
            ),
            (Descriptor(mediaType: .layer, digest: Digest(of: [2]), size: 8), "it has 7 bytes rather than 8"),
            (Descriptor(mediaType: .layer, digest: Digest(of: [3]), size: 6), "it is longer than 6 bytes"),
        ]
        for (descriptor, reason) in wrong {
            #expect(throws: Failure("store blob \(descriptor.digest)", reason)) {
                var writer = try store.makeBlob(descriptor)
                try content.withUnsafeBytes { try writer.write($0) }
                try writer.finish()
            }
            #expect(!store.contains(descriptor))
        }
        var writer = try store.makeBlob(right)
        try content.withUnsafeBytes { try writer.write($0) }
        try writer.finish()
        #expect(try store.read(right) == content)
        #expect(try FileSystem.names(in: store.folder.appending("tmp")).isEmpty)
    }

    @Test func `a damaged blob is noticed`() throws {
        let descriptor = try store.add(Array("content".utf8), mediaType: .layer)
        try FileSystem.write(Array("Content".utf8), to: store.path(of: descriptor.digest))
        let error = #expect(throws: Failure.self) { try store.read(descriptor) }
        #expect(error?.description.contains("is damaged; remove /") == true)
    }

    @Test func `a name belongs to the image that got it last`() throws {
        let one = try store.add([1], mediaType: .imageManifest)
        let two = try store.add([2], mediaType: .imageManifest)
        try store.tag(one, as: "example.org/app:v1")
        try store.tag(one, as: "other")
        try store.tag(two, as: "example.org/app:v1")
        #expect(try store.find("example.org/app:v1")?.digest == two.digest)
        #expect(try store.find("other")?.digest == one.digest)
        #expect(try store.find("none") == nil)
        #expect(try store.tags().map(\.name) == ["other", "example.org/app:v1"])
        let index = try JSONValue(parsing: try FileSystem.read(store.folder.appending("index.json")))
        #expect(try index.list("manifests").last?["annotations"]?["org.opencontainers.image.ref.name"] == "v1")
    }

    @Test func `many processes can give names at once`() async throws {
        let image = try store.add([1], mediaType: .imageManifest)
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await BlockingThread.run {
                        try store.tag(image, as: "n\(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.tags().count == 20)
    }

    @Test func `what a killed writer left is removed, and a living writer's is not`() throws {
        let old = fixture.folder("store/tmp/.blob.1.1.tmp")
        let living = try store.makeTemporaryBlob()
        try fixture.folder.write("store/tmp/.blob.1.1.tmp", "half")
        for path in [old, living.path] {
            try Folder(fixture.folder("store/tmp")).setModified(try #require(path.lastComponent), seconds: 1)
        }
        _ = try ImageStore(at: store.folder)
        #expect(!FileSystem.exists(old))
        #expect(FileSystem.exists(living.path))
    }

    @Test func `where a blob came from is remembered`() throws {
        let digest = Digest(of: [1])
        #expect(try store.sources(of: digest) == [])
        let hub = BlobSource(registry: "docker.io", repository: "library/debian")
        let other = BlobSource(registry: "ghcr.io", repository: "me/app")
        for source in [hub, other, hub, hub] { try store.remember(source, of: digest) }
        #expect(try store.sources(of: digest) == [hub, other])
    }

    @Test func `an export shares the store's blobs and skopeo reads it`() async throws {
        let tar = try await fixture.tar("a", "add('file', content=b'1')")
        let image = try fixture.image([tar])
        let output = try ImageOutput("oci:\(fixture.folder("layout"))")
        for _ in 1...2 { try store.export(image.descriptor, to: output, name: "example.org/app:v1") }
        #expect(try FileStatus(store.path(of: image.manifest.config.digest)).links == 2)
        let printed = try await Command("skopeo", ["inspect", "--raw", "oci:\(fixture.folder("layout")):v1"]).succeed()
        #expect(Array(printed.utf8) == image.manifestContent)
    }
}
