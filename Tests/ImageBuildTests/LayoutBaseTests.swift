import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

/// Tests for bases in OCI layouts that other programs made.
@Suite struct LayoutBaseTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws { fixture = try BuildFixture() }

    /// Makes a layout `image/base` with umoci; its image has one layer, and further tags name the same image.
    private func makeLayout(tags: [String] = []) async throws {
        try folder.write("root/etc/base", "base")
        let layout = folder("image/base").string
        try await Command("tar", ["-cf", folder("layer.tar").string, "-C", folder("root").string, "."]).succeed()
        try await Command("umoci", ["init", "--layout", layout]).succeed()
        try await Command("umoci", ["new", "--image", "\(layout):one"]).succeed()
        try await Command("umoci", ["raw", "add-layer", "--image", "\(layout):one", folder("layer.tar").string])
            .succeed()
        try await Command("umoci", ["config", "--image", "\(layout):one", "--config.env", "BASE=1"]).succeed()
        // Blobs from before the last change stay in a layout until they are collected.
        try await Command("umoci", ["gc", "--layout", layout]).succeed()
        for tag in tags { try await Command("umoci", ["tag", "--image", "\(layout):one", tag]).succeed() }
    }

    private func build(_ base: String) async throws -> StoredImage {
        try folder.write("image/files/file", "x")
        return try await fixture.build("name: app\nbase: \(base)\nlayers:\n  - files: {from: files, into: /app}\n")
    }

    private func refusal(_ base: String) async -> String? {
        await #expect(throws: Failure.self) { _ = try await build(base) }?.description
    }

    /// Unpacks the built image with umoci, and checks its files.
    private func unpacked(_ image: StoredImage) async throws -> Bool {
        let output = try ImageOutput("oci:\(folder("out")):v1")
        try fixture.store.export(image.descriptor, to: output, name: "app")
        let rootless = CurrentUser.id == 0 ? [] : ["--rootless"]
        try await Command("umoci", ["unpack"] + rootless + ["--image", "out:v1", "bundle"], in: folder.path).succeed()
        return FileSystem.exists(folder("bundle/rootfs/etc/base"))
            && FileSystem.exists(folder("bundle/rootfs/app/file"))
    }

    @Test func `a folder's layers come into the store, and the image is whole`() async throws {
        try await makeLayout()
        let image = try await build("oci:base")
        #expect(image.config.environment.contains { $0.name == "BASE" && $0.value == "1" })
        #expect(image.manifest.annotations["org.opencontainers.image.base.digest"] != nil)
        #expect(image.manifest.annotations["org.opencontainers.image.base.name"] == nil)
        #expect(fixture.store.missingLayers(of: image).isEmpty)
        #expect(try await build("oci:base:one").descriptor == image.descriptor)
        #expect(try await unpacked(image))
    }

    @Test(arguments: [("", "skopeo"), ("-z", "tar")])
    func `a tar gives the same image as the folder`(option: String, made: String) async throws {
        try await makeLayout()
        let archive = folder("image/base.tar").string
        if made == "skopeo" {
            try await Command(
                "skopeo", ["copy", "-q", "oci:\(folder("image/base")):one", "oci-archive:\(archive):one"]
            ).succeed()
        } else {
            let names = ["./blobs", "index.json", "oci-layout"]
            try await Command("tar", [option, "-cf", archive, "-C", folder("image/base").string] + names).succeed()
        }
        let image = try await build("oci-archive:base.tar:one")
        #expect(try await unpacked(image))
        try FileSystem.removeTree(fixture.store.folder)
        try FileSystem.makeFolder(fixture.store.folder.appending("blobs/sha256"))
        #expect(try await build("oci-archive:base.tar").descriptor.digest == image.descriptor.digest)
    }

    @Test func `docker's media types become OCI's`() async throws {
        try await makeLayout()
        try await Command(
            "skopeo",
            ["copy", "-q", "--format", "v2s2", "oci:\(folder("image/base")):one", "dir:\(folder("docker"))"]
        ).succeed()
        let manifest = try FileSystem.read(folder("docker/manifest.json"))
        let digest = Digest(of: manifest)
        let blobs = folder("image/docker/blobs/sha256")
        try FileSystem.makeFolder(blobs)
        for name in try FileSystem.names(in: folder("docker")) where name.string.count == 64 {
            try await Command("cp", [folder("docker").appending(name).string, blobs.string]).succeed()
        }
        try FileSystem.write(manifest, to: blobs.appending(digest.hexadecimal))
        let descriptor = Descriptor(mediaType: .dockerManifest, digest: digest, size: Int64(manifest.count))
        try FileSystem.write(
            ImageIndex(manifests: [descriptor]).json.encoded(), to: folder("image/docker/index.json"))
        let image = try await build("oci:docker")
        #expect(image.manifest.layers.map(\.mediaType) == [.layerGzip, .layerGzip])
        #expect(try await unpacked(image))
    }

    @Test func `tags are told where the image is not clear`() async throws {
        try await makeLayout(tags: ["two"])
        let place = "cannot use oci:\(folder("image/base"))"
        #expect(
            await refusal("oci:base") == "\(place): it holds several images, so name a tag; its tags are one, two")
        #expect(await refusal("oci:base:three") == "\(place):three: it has no tag 'three'; its tags are one, two")
        #expect(
            await refusal("oci:none")
                == "cannot use oci:\(folder("image/none")): \(folder("image/none")) is no OCI layout")
        try folder.write("image/text", "text")
        #expect(await refusal("oci-archive:text")?.contains("\(folder("image/text"))") == true)
    }

    @Test(arguments: [false, true])
    func `a blob whose digest does not fit is refused, and the store keeps nothing of it`(
        inArchive: Bool
    ) async throws {
        try await makeLayout()
        let layout = folder("image/base")
        let before = try fixture.blobs()
        for name in try FileSystem.names(in: layout.appending("blobs/sha256")) {
            let blob = layout.appending("blobs/sha256").appending(name)
            let content = try FileSystem.read(blob)
            var changed = content
            changed[content.count / 2] ^= 1
            try FileSystem.write(changed, to: blob)
            var base = "oci:base"
            if inArchive {
                try await Command("tar", ["-cf", folder("image/base.tar").string, "-C", layout.string, "."]).succeed()
                base = "oci-archive:base.tar"
            }
            let line = try #require(await refusal(base))
            #expect(line.contains(name.string) && line.contains("the digest sha256:") && !line.contains("\n"))
            #expect(try fixture.blobs() == before)
            try FileSystem.write(content, to: blob)
        }
    }

    @Test func `a base for another machine is refused`() async throws {
        try await makeLayout()
        let layout = folder("image/base").string
        try await Command("umoci", ["config", "--image", "\(layout):one", "--architecture", "arm64"]).succeed()
        #expect(await refusal("oci:base") == "cannot use base oci:base: it is for linux/arm64, not for linux/amd64")
    }
}
