import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct PruningTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func store() throws -> ImageStore { try ImageStore(at: folder("store")) }

    /// Creates an image of layers with these contents; its store is released on return, and with it the record of its
    /// use.
    private func image(_ layers: [String], name: String?) throws -> (manifest: Descriptor, all: [Descriptor]) {
        let store = try store()
        var config = ImageConfig(platform: .current)
        var blobs: [Descriptor] = []
        for layer in layers {
            blobs.append(try store.add(Array(layer.utf8), mediaType: .layer))
            config.append(layer: Digest(of: layer.utf8), createdBy: "test", created: "1970-01-01T00:00:00Z")
        }
        let descriptor = try store.add(config.json.encoded(), mediaType: .imageConfig)
        let manifest = ImageManifest(config: descriptor, layers: blobs)
        let image = try store.add(manifest.json.encoded(), mediaType: .imageManifest)
        if let name { try store.tag(image, as: name) }
        return (image, blobs + [descriptor, image])
    }

    private func names() throws -> Set<String> {
        Set(try FileSystem.names(in: folder("store/blobs/sha256")).map(\.string))
    }

    @Test func `what no name leads to is removed, also below an index`() throws {
        let kept = try image(["a", "shared"], name: "kept")
        let gone = try image(["b", "shared"], name: nil)
        let child = try image(["c"], name: nil)
        let index = try store().add(ImageIndex(manifests: [child.manifest]).json.encoded(), mediaType: .imageIndex)
        try store().tag(index, as: "both")
        let before = try names()
        #expect(try store().prune(dryRun: true).blobs.count == 3)
        #expect(try names() == before)
        let pruned = try store().prune()
        #expect(Set(pruned.blobs.map(\.digest)) == Set(gone.all.map(\.digest)).subtracting(kept.all.map(\.digest)))
        #expect(pruned.bytes == pruned.blobs.reduce(0) { $0 + $1.size })
        #expect(try names() == Set((kept.all + child.all + [index]).map(\.digest.hexadecimal)))
        #expect(try store().prune().blobs.isEmpty)
        #expect(try FileSystem.names(in: folder("store/tmp")).isEmpty)
    }

    @Test func `what a living process found or made stays until it is done`() throws {
        let found = try image(["found"], name: nil)
        do {
            let running = try store()
            #expect(running.contains(found.manifest))
            let made = try running.add(Array("made".utf8), mediaType: .layer)
            #expect(try store().prune().blobs.isEmpty)
            #expect(running.contains(made))
            #expect(found.all.allSatisfy { running.contains($0) })
        }
        #expect(try store().prune().blobs.count == 4)
        #expect(try FileSystem.names(in: folder("store/sessions")).isEmpty)
    }

    @Test func `an image that lost its name while it is used stays`() throws {
        let image = try image(["a"], name: "a")
        let pushing = try store()
        #expect(try pushing.find("a") == image.manifest.tagged("a"))
        #expect(try store().untag("a"))
        #expect(try !store().untag("a"))
        #expect(try store().prune().blobs.isEmpty)
        _ = consume pushing
        #expect(try store().prune().blobs.count == 3)
    }

    @Test func `notes of a process that was killed protect nothing`() async throws {
        let image = try image(["a"], name: nil)
        try FileSystem.makeFolder(folder("store/sessions"))
        let text = image.all.map { "\($0.digest)\n" }.joined()
        try FileSystem.write(Array(text.utf8), to: folder("store/sessions/.session.1.2.tmp"))
        #expect(try store().prune().blobs.count == 3)
    }

    @Test func `a process that cannot note what it uses keeps everything`() throws {
        let image = try image(["a"], name: nil)
        try FileSystem.removeTree(folder("store/sessions"))
        try folder.write("store/sessions", "in the way")
        let running = try store()
        #expect(running.contains(image.manifest))
        let error = #expect(throws: Failure.self) { try store().prune(patience: .milliseconds(50)) }
        #expect(error?.description.contains("could not note what it uses") == true)
        _ = consume running
        #expect(try store().prune().blobs.count == 3)
    }

    @Test func `what was used lately may be kept`() throws {
        let image = try image(["a"], name: nil)
        #expect(try store().prune(usedBefore: 1_000_000_000).blobs.isEmpty)
        #expect(try store().prune(usedBefore: .max).blobs.count == image.all.count)
    }

    @Test func `nothing is removed where a manifest is damaged`() throws {
        let image = try image(["a"], name: "a")
        try FileSystem.write(Array("{}".utf8), to: try store().path(of: image.manifest.digest))
        let error = #expect(throws: Failure.self) { try store().prune() }
        #expect(error?.description.hasSuffix("build the image again, or type: caasctl image rm a") == true)
        #expect(try names().count == 3)
    }

    @Test func `what was kept about blobs that are gone goes too`() throws {
        let image = try image(["a"], name: "a")
        for name in ["listings", "sources"] {
            for digest in [image.all[0].digest, Digest(of: "gone".utf8)] {
                try folder.write(
                    "store/\(name)/sha256/\(digest.hexadecimal)\(name == "sources" ? ".json" : "")", "1234")
            }
        }
        #expect(try store().prune().bytes == 8)
        #expect(try FileSystem.names(in: folder("store/listings/sha256")).count == 1)
    }

    @Test func `many finders and makers and one who removes never miss a blob`() async throws {
        _ = try image(["a"], name: "a")
        let place = folder("store")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for round in 0..<25 {
                        // A store of its own, as another process would open it; the tasks find or make the same few
                        // blobs.
                        let store = try ImageStore(at: place)
                        let content = Array("layer \((worker + round) % 5)".utf8)
                        let blob = try store.add(content, mediaType: .layer)
                        #expect(store.contains(blob))
                        try await Task.sleep(for: .milliseconds(1))
                        #expect(try store.read(blob) == content)
                    }
                }
            }
            group.addTask { for _ in 0..<25 { _ = try ImageStore(at: place).prune() } }
            try await group.waitForAll()
        }
        #expect(try store().prune().blobs.count <= 5)
        #expect(try names().count == 3)
    }
}

extension Descriptor {
    fileprivate func tagged(_ name: String) -> Descriptor {
        var copy = self
        copy.annotations = ["io.containerd.image.name": name, "org.opencontainers.image.ref.name": "latest"]
        return copy
    }
}
