import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct BaseImageTests {
    private var fixture: BuildFixture
    private static let layer = Descriptor(mediaType: .dockerLayerGzip, digest: Digest(of: [1]), size: 1000)
    private static let diffID = Digest(of: [2])

    init() throws { fixture = try BuildFixture() }

    /// Adds a base as docker makes them: with docker's media types, an unknown setting, and no history.
    private mutating func addBase(_ change: (inout JSONValue) -> Void = { _ in }) throws {
        var json: JSONValue = [
            "architecture": "amd64", "os": "linux", "os.features": ["x"],
            "rootfs": ["type": "layers", "diff_ids": [.string("\(Self.diffID)")]],
            "config": [
                "Env": ["PATH=/bin", "OLD=1"], "Entrypoint": ["/base"], "Cmd": ["serve"],
                "Healthcheck": ["Test": ["NONE"]],
                "Labels": ["a": "base", "b": "base"], "ExposedPorts": ["80/tcp": [:]],
            ],
        ]
        change(&json)
        let config = Descriptor(mediaType: .dockerConfig, digest: Digest(of: [3]), size: 10)
        fixture.bases.images["example.org/base:1"] = try BaseImage(
            reference: Reference("example.org/base:1"), digest: Digest(of: [4]),
            manifest: ImageManifest(mediaType: .dockerManifest, config: config, layers: [Self.layer]),
            config: ImageConfig(json: json))
    }

    private let yaml = """
        name: app
        base: example.org/base:1
        layers:
          - files: {from: files, into: /lib/app}
        environment: {OLD: "2", NEW: "3"}
        labels: {b: ours}
        ports: [8000]
        workdir: /srv
        annotations: {note: x}
        """

    @Test mutating func `what is known of a base and what is not is kept`() async throws {
        try addBase()
        try fixture.folder.write("image/files/file", "x")
        let image = try await fixture.build(yaml)
        #expect(image.config.json["os.features"] == ["x"])
        #expect(image.config["Healthcheck"] == ["Test": ["NONE"]])
        #expect(image.config["Env"] == ["PATH=/bin", "OLD=2", "NEW=3"])
        #expect(image.config["Entrypoint"] == ["/base"])
        #expect(image.config["Cmd"] == ["serve"])
        #expect(image.config["Labels"] == ["a": "base", "b": "ours"])
        #expect(image.config["ExposedPorts"] == ["80/tcp": [:], "8000/tcp": [:]])
        #expect(image.config["WorkingDir"] == "/srv")
        #expect(image.config.json["history"]?.array?.count == 2)
        #expect(image.config.diffIDs.first == Self.diffID)
        #expect(image.manifest.layers.map(\.mediaType) == [.layerGzip, .layerGzip])
        #expect(
            image.manifest.annotations == [
                "note": "x", "org.opencontainers.image.base.name": "example.org/base:1",
                "org.opencontainers.image.base.digest": "\(Digest(of: [4]))",
            ])
        #expect(fixture.store.missingLayers(of: image).map(\.digest) == [Self.layer.digest])
        let sources = try fixture.store.sources(of: Self.layer.digest)
        #expect(sources == [BlobSource(registry: "example.org", repository: "base")])
    }

    @Test mutating func `folders that a base may have as links get no entry`() async throws {
        try addBase()
        try fixture.folder.write("image/files/file", "x")
        let image = try await fixture.build(yaml)
        #expect(
            try await fixture.list(image, layer: 1) == [
                "drwxr-xr-x 0:0 Jan 1 1970 lib/app/", "-rw-r--r-- 0:0 Jan 1 1970 lib/app/file",
            ])
    }

    @Test mutating func `nor do the user's own folders of these names, and /tmp stays everybody's`() async throws {
        try addBase()
        for path in ["lib/x", "tmp/x", "usr/lib/x"] { try fixture.folder.write("image/files/\(path)", "x") }
        let image = try await fixture.build(yaml.replacing("into: /lib/app", with: "into: /"))
        #expect(
            try await fixture.list(image, layer: 1) == [
                "-rw-r--r-- 0:0 Jan 1 1970 lib/x", "drwxrwxrwt 0:0 Jan 1 1970 tmp/", "-rw-r--r-- 0:0 Jan 1 1970 tmp/x",
                "drwxr-xr-x 0:0 Jan 1 1970 usr/", "drwxr-xr-x 0:0 Jan 1 1970 usr/lib/",
                "-rw-r--r-- 0:0 Jan 1 1970 usr/lib/x",
            ])
    }

    @Test mutating func `a new entrypoint drops the base's arguments`() async throws {
        try addBase()
        let image = try await fixture.build("name: app\nbase: example.org/base:1\nentrypoint: [/ours]\n")
        #expect(image.config["Entrypoint"] == ["/ours"])
        #expect(image.config["Cmd"] == nil)
    }

    @Test mutating func `a base that is missing or for another machine is refused`() async throws {
        let error = await #expect(throws: (any Error).self) { try await fixture.build(yaml) }
        #expect(error.map { "\($0)" } == "cannot find image: there is none")
        try addBase { $0["architecture"] = "arm64" }
        let other = await #expect(throws: Failure.self) { try await fixture.build(yaml) }
        #expect(other?.description == "cannot use base example.org/base:1: it is for linux/arm64, not for linux/amd64")
    }
}
