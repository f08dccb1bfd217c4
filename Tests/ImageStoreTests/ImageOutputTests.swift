import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

/// Outputs outside the store, which other programs verify.
@Suite struct ImageOutputTests {
    private let fixture: StoreFixture
    private var store: ImageStore { fixture.store }
    private var folder: TemporaryFolder { fixture.folder }

    init() throws { fixture = try StoreFixture() }

    @Test(arguments: [
        ("oci:out", LayoutLocation.Form.layout, "out", nil), ("oci:/a/b:v1", .layout, "/a/b", "v1"),
        ("oci-archive:x.tar:example.org:5000/a/b:v1", .ociArchive, "x.tar", "example.org:5000/a/b:v1"),
        ("docker-archive:./x.tar:latest", .dockerArchive, "./x.tar", "latest"),
        ("docker-archive:-", .dockerArchive, "-", nil),
    ])
    func `an output is a form, a place and a name`(
        text: String, form: LayoutLocation.Form, path: String, name: String?
    ) throws {
        let output = try ImageOutput(text)
        #expect(output.form == form)
        #expect(output.path == FilePath(path))
        #expect(output.name == name)
        #expect(output.description == text)
        #expect(output.isStandardOutput == (path == "-"))
    }

    @Test(arguments: [
        ("out", "it is not oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]"),
        ("docker:x", "it is not oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]"),
        ("oci:", "it names no folder"), ("oci-archive::v1", "it names no file"),
        ("oci:out:", "'' is neither a tag nor an image's name"),
        ("oci:out:a b", "'a b' is neither a tag nor an image's name"),
        ("oci:out:A/b:1", "'A/b:1' is neither a tag nor an image's name"),
        ("oci:-", "a folder cannot go to standard output"),
        ("oci-archive:out/", "it names a folder; name a file in it"),
        ("docker-archive:..:v1", "it names a folder; name a file in it"),
        ("oci:a:b@sha256:\(String(repeating: "0", count: 64))", "a digest is no name to choose"),
    ])
    func `anything else is refused in a line`(text: String, reason: String) {
        let error = #expect(throws: Failure.self) { try ImageOutput(text) }
        #expect(error?.description == "cannot write to '\(text)': \(reason)")
    }

    private func image(_ content: String = "1") async throws -> StoredImage {
        try fixture.image([try await fixture.tar("a", "add('file', content=b'\(content)')")])
    }

    private func archive(_ form: LayoutLocation.Form, _ image: Descriptor, name: String = "app") throws -> FilePath {
        let file = folder("\(form.rawValue).tar")
        try store.export(image, to: ImageOutput("\(form.rawValue):\(file)"), name: name)
        return file
    }

    @Test(arguments: [LayoutLocation.Form.ociArchive, .dockerArchive])
    func `one file is an OCI archive and what docker loads`(form: LayoutLocation.Form) async throws {
        let image = try await image()
        let file = try archive(form, image.descriptor, name: "example.org/app:v1")
        #expect(
            try await Command("skopeo", ["inspect", "--raw", "oci-archive:\(file):v1"]).succeed()
                == String(decoding: image.manifestContent, as: UTF8.self))
        let json = try JSONValue(parsing: try await Command("skopeo", ["inspect", "docker-archive:\(file)"]).succeed())
        #expect(try json.texts("Layers") == image.config.diffIDs.map(\.description))
        try await Command(
            "skopeo", ["copy", "--quiet", "docker-archive:\(file):example.org/app:v1", "oci:\(folder("copy")):x"]
        ).succeed()
        let manifest = try JSONValue(
            parsing: try await Command("tar", ["-xOf", file.string, "manifest.json"]).succeed())
        #expect(manifest.array?.first?["RepoTags"] == ["example.org/app:v1"])
        let listed = try await Command("tar", ["--numeric-owner", "-tvf", file.string], environment: ["TZ": "UTC"])
            .succeed().split(separator: "\n")
        #expect(listed.count == 8)
        #expect(listed.allSatisfy { $0.contains(" 0/0 ") && $0.contains(" 1970-01-01 00:00 ") })
        let before = try FileSystem.read(file)
        try FileSystem.remove(file)
        _ = try archive(form, image.descriptor, name: "example.org/app:v1")
        #expect(try FileSystem.read(file) == before)
        #expect(try FileSystem.names(in: folder.path).allSatisfy { !$0.string.hasSuffix(".tmp") })
    }

    @Test func `names are the output's own, else the image's`() async throws {
        let image = try await image()
        for (typed, name, tag, reference) in [
            ("", "app", "latest", "docker.io/library/app:latest"), (":v2", "app", "v2", "docker.io/library/app:v2"),
            ("", "example.org/app:v1", "v1", "example.org/app:v1"),
            (":v2", "example.org/app:v1", "v2", "example.org/app:v2"),
            (":other/name:v3", "app", "v3", "docker.io/other/name:v3"), ("", "a__b_", "latest", nil),
        ] as [(String, String, String, String?)] {
            let file = folder("x.tar")
            try store.export(image.descriptor, to: ImageOutput("oci-archive:\(file)\(typed)"), name: name)
            let index = try JSONValue(parsing: try await Command("tar", ["-xOf", file.string, "index.json"]).succeed())
            let annotations = try #require(try index.list("manifests").first?.textMap("annotations"))
            #expect(annotations["org.opencontainers.image.ref.name"] == tag)
            #expect(annotations["io.containerd.image.name"] == reference)
        }
    }

    @Test func `a layout keeps its other images, and a tag belongs to the last that got it`() async throws {
        let (one, two) = (try await image("1"), try await image("2"))
        for (image, tag) in [(one, "a"), (one, "b"), (two, "a")] {
            try store.export(image.descriptor, to: ImageOutput("oci:\(folder("layout")):\(tag)"), name: "app")
        }
        #expect(try await Command("umoci", ["ls", "--layout", folder("layout").string]).succeed() == "b\na")
        for (image, tag) in [(one, "b"), (two, "a")] {
            let raw = try await Command("skopeo", ["inspect", "--raw", "oci:\(folder("layout")):\(tag)"]).succeed()
            #expect(Array(raw.utf8) == image.manifestContent)
        }
    }

    @Test func `an index goes whole into a layout and an archive, and as one platform to docker`() async throws {
        let ours = try await image("1")
        var config = ImageConfig(platform: Platform(os: "linux", architecture: "s390x"))
        config.append(layer: ours.config.diffIDs[0], createdBy: "test", created: "1970-01-01T00:00:00Z")
        let configDescriptor = try store.add(config.json.encoded(), mediaType: .imageConfig)
        let manifest = ImageManifest(config: configDescriptor, layers: ours.manifest.layers)
        var children = [try store.add(manifest.json.encoded(), mediaType: .imageManifest), ours.descriptor]
        children[0].platform = config.platform
        children[1].platform = .current
        let index = try store.add(ImageIndex(manifests: children).json.encoded(), mediaType: .imageIndex)
        try store.export(index, to: ImageOutput("oci:\(folder("layout")):v1"), name: "app")
        let file = try archive(.ociArchive, index)
        for source in ["oci:\(folder("layout")):v1", "oci-archive:\(file)"] {
            let copy = folder("copy")
            try await Command("skopeo", ["copy", "--quiet", "--multi-arch", "all", source, "dir:\(copy)"]).succeed()
            #expect(try FileSystem.read(copy.appending("manifest.json")) == store.read(index))
            for child in children {
                let name = "\(child.digest.hexadecimal).manifest.json"
                #expect(try FileSystem.read(copy.appending(name)) == store.read(child))
            }
            try FileSystem.removeTree(copy)
        }
        let docker = try archive(.dockerArchive, index)
        for (form, file) in [("docker-archive", docker), ("oci-archive", docker), ("docker-archive", file)] {
            let json = try JSONValue(parsing: try await Command("skopeo", ["inspect", "\(form):\(file)"]).succeed())
            #expect(try json.text("Architecture") == Platform.current.architecture)
        }
        let foreign = try store.add(ImageIndex(manifests: [children[0]]).json.encoded(), mediaType: .imageIndex)
        let error = #expect(throws: Failure.self) { try archive(.dockerArchive, foreign) }
        #expect(error?.description.hasSuffix("none of them linux/amd64; choose one with --platform") == true)
    }

    @Test func `a damaged blob leaves no archive, and nor does what a kill left`() async throws {
        let image = try await image()
        let old = folder(".oci-archive.tar.123.456.tmp")
        let others = [folder(".other.tar.123.456.tmp"), folder(".oci-archive.tar.123.457.tmp")]
        for path in [old] + others { try FileSystem.write([1], to: path) }
        try Folder(folder.path).setModified(try #require(old.lastComponent), seconds: 1)
        let file = try archive(.ociArchive, image.descriptor)
        #expect(!FileSystem.exists(old))
        for other in others { #expect(FileSystem.exists(other)) }
        let before = try FileSystem.read(file)
        let blob = store.path(of: image.manifest.layers[0].digest)
        let content = try FileSystem.read(blob)
        try FileSystem.write(content.reversed(), to: blob)
        let error = #expect(throws: Failure.self) { try archive(.ociArchive, image.descriptor) }
        #expect(error?.description.hasSuffix("is damaged; remove \(blob)") == true)
        #expect(try FileSystem.read(file) == before)
        #expect(try FileSystem.names(in: folder.path).filter { $0.string.hasPrefix(".oci-archive") }.count == 1)
    }
}
