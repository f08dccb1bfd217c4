import Archive
import Definitions
import ImageBuild
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

/// Tests for images with several platforms.
@Suite struct PlatformTests {
    private var fixture: BuildFixture
    private let yaml = """
        name: app
        base: scratch
        platforms: [linux/amd64, linux/arm64/v8]
        layers:
          - files: {from: files, into: /opt}
        annotations: {note: x}
        """

    init() throws {
        fixture = try BuildFixture()
        try fixture.folder.write("image/files/file", "x")
    }

    private func index(_ built: BuiltImage) throws -> ImageIndex {
        try ImageIndex(json: JSONValue(parsing: fixture.store.read(built.descriptor)))
    }

    @Test func `two platforms make an index, and a layer that is the same for both is made once`() async throws {
        let built = try await fixture.builder().build(fixture.definition(yaml))
        #expect(built.descriptor.mediaType == .imageIndex)
        let index = try index(built)
        #expect(index.manifests.map { $0.platform?.description } == ["linux/amd64", "linux/arm64/v8"])
        #expect(index.manifests == built.images.map(\.descriptor))
        #expect(index.annotations == ["note": "x"])
        #expect(built.images[0].layers == built.images[1].layers)
        // One layer, two configs, two manifests and the index.
        #expect(try fixture.blobs().count == 6)
        let arm = try fixture.store.image(built.descriptor, platform: Platform("linux/arm64"))
        #expect(arm.descriptor.digest == built.images[1].descriptor.digest)
        #expect(arm.config.platform.description == "linux/arm64/v8")
        #expect(arm.manifest.annotations == ["note": "x"])
        #expect(try await fixture.builder().build(fixture.definition(yaml)).descriptor == built.descriptor)
    }

    @Test func `one platform alone is an image without an index`() async throws {
        var definition = try fixture.definition(yaml)
        let both = try await fixture.builder().build(definition)
        definition.platforms = [try Platform("linux/arm64/v8")]
        let built = try await fixture.builder().build(definition)
        #expect(built.descriptor == both.images[1].descriptor)
    }

    @Test mutating func `each platform stands on its own base, and all on one release`() async throws {
        let index = Digest(of: [9])
        for (number, platform) in ["linux/amd64", "linux/arm64"].enumerated() {
            var config = ImageConfig(platform: try Platform(platform))
            config.append(layer: Digest(of: [UInt8(number)]), createdBy: "base", created: "1970-01-01T00:00:00Z")
            let layer = Descriptor(mediaType: .layerGzip, digest: Digest(of: [UInt8(10 + number)]), size: 1)
            let descriptor = Descriptor(mediaType: .imageConfig, digest: Digest(of: [3]), size: 10)
            let base = try BaseImage(
                reference: Reference("example.org/base:1"), digest: Digest(of: [UInt8(20 + number)]),
                manifest: ImageManifest(config: descriptor, layers: [layer]), config: config, index: index)
            // The tag has moved when the second platform is resolved.
            let names = number == 0 ? ["example.org/base:1"] : ["example.org/base@\(index)"]
            for name in names { fixture.bases.images["\(platform) \(name)"] = base }
        }
        let yaml = yaml.replacing("scratch", with: "example.org/base:1").replacing("/v8", with: "")
        let built = try await fixture.builder().build(fixture.definition(yaml))
        for (number, image) in built.images.enumerated() {
            let stored = try fixture.store.image(image.descriptor)
            #expect(stored.config.diffIDs[0] == Digest(of: [UInt8(number)]))
            let annotations = stored.manifest.annotations
            #expect(annotations["org.opencontainers.image.base.name"] == "example.org/base:1")
            #expect(
                annotations["org.opencontainers.image.base.digest"] == "\(Digest(of: [UInt8(20 + number)]))")
        }
        #expect(
            try self.index(built).annotations == [
                "note": "x", "org.opencontainers.image.base.name": "example.org/base:1",
                "org.opencontainers.image.base.digest": "\(index)",
            ])
    }

    @Test(arguments: ["folder", "folder of folders", "tar", "tar.gz"])
    mutating func `a foreign platform's entrypoint comes from a bundle`(form: String) async throws {
        let yaml = yaml + "\nprogram: trainer\n"
        let program = "{name: trainer, data: /data, stages: [{name: train, run: [python3, train.py]}]}"
        try fixture.makeEntrypoint("arm's") { $0["architecture"] = "arm64" }
        let bundle = fixture.folder("bundle")
        try FileSystem.makeFolder(bundle)
        switch form {
        case "folder": try FileSystem.rename(fixture.folder("entrypoint"), to: bundle)
        case "folder of folders": try FileSystem.rename(fixture.folder("entrypoint"), to: bundle.appending("arm64"))
        default:
            try FileSystem.removeTree(bundle)
            try await Command("tar", ["-caf", "bundle.\(form)", "entrypoint"], in: fixture.folder.path).succeed()
            try await Command("mv", ["bundle.\(form)", "bundle"], in: fixture.folder.path).succeed()
            try FileSystem.removeTree(fixture.folder("entrypoint"))
        }
        try fixture.makeEntrypoint("ours") { $0["architecture"] = "amd64" }
        let definition = try fixture.definition(yaml)
        let trainer = try ProgramDefinition(parsing: program, file: fixture.folder("image/p.yaml"))
        let without = await #expect(throws: Failure.self) {
            try await fixture.builder().build(definition, program: trainer)
        }
        #expect(
            without?.description.hasSuffix(
                "/entrypoint is for amd64; make one on such a machine (make entrypoint) and name it with "
                    + "--entrypoint-bundle") == true)
        let built = try await fixture.builder(bundles: [bundle]).build(definition, program: trainer)
        for (image, content) in zip(built.images, ["ours", "arm's"]) {
            let blob = fixture.store.path(of: image.layers[1].descriptor.digest)
            let printed = try await Command("tar", ["-xzOf", blob.string, ".caas/caas-entrypoint"]).succeed()
            #expect(printed == content)
        }
        let empty = await #expect(throws: Failure.self) {
            try await fixture.builder(bundles: [fixture.folder("image")]).build(definition, program: trainer)
        }
        #expect(empty?.description.contains("it holds no layer.json") == true)
    }
}
