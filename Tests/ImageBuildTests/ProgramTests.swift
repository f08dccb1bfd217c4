import Archive
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct ProgramTests {
    private var fixture: BuildFixture

    init() throws { fixture = try BuildFixture() }

    private let program = """
        name: trainer
        data: /data
        stages:
          - {name: train, run: [python3, train.py]}
        """

    private let yaml = """
        name: app
        base: scratch
        program: trainer
        environment: {LD_PRELOAD: /nonsense.so, GLIBC_TUNABLES: x, NVIDIA_VISIBLE_DEVICES: none, A: b}
        """

    /// Returns the program in an image.
    private func baked(_ image: StoredImage) throws -> Program {
        let blob = fixture.store.path(of: try #require(image.manifest.layers.last).digest)
        var reader = try LayerReader(File(blob, .read))
        while let entry = try reader.next(), entry.name != ".caas/program.json" {}
        return try Program(json: JSONValue(parsing: try reader.content(limit: 1 << 20)))
    }

    @Test mutating func `a program brings the entrypoint, and nothing reaches into it`() async throws {
        try fixture.makeEntrypoint()
        let image = try await fixture.build(yaml, program: program)
        #expect(image.config["Entrypoint"] == ["/.caas/caas-entrypoint"])
        #expect(image.config["Cmd"] == nil)
        let environment = Dictionary(uniqueKeysWithValues: image.config.environment.map { ($0.name, $0.value) })
        #expect(
            environment == [
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A": "b",
                "NVIDIA_VISIBLE_DEVICES": "none", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
            ])
        let baked = try baked(image)
        #expect(baked.name == "trainer")
        #expect(baked.imageEnvironment == environment)
        #expect(baked.childEnvironment == ["LD_PRELOAD": "/nonsense.so", "GLIBC_TUNABLES": "x"])
        #expect(
            try await fixture.list(image, layer: 1) == [
                "drwxr-xr-x 0:0 Jan 1 1970 .caas/", "-rw-r--r-- 0:0 Jan 1 1970 .caas/program.json",
            ])
        #expect(
            try FileSystem.read(fixture.store.path(of: image.manifest.layers[0].digest))
                == FileSystem.read(fixture.folder("entrypoint/layer.tar.gz")))
    }

    @Test mutating func `a base's ENV and volumes are not the entrypoint's`() async throws {
        try fixture.makeEntrypoint()
        let own = [
            "R2_PREFIX", "AWS_CA_BUNDLE", "CAAS_PROGRAM", "CAAS_SECRETS", "PORT", "BIND_ADDRESS", "DRAIN_SECONDS",
            "GRACE_SECONDS", "ON_FAILURE", "UPLOAD_BYTES_PER_SECOND", "KEEP_ALIVE", "RUN_ID", "STATUS_TOKEN",
        ]
        let stages = ["https_proxy", "NO_PROXY", "LD_AUDIT"]
        let variables = ["PATH=/bin", "OPENSSL_CONF=/x"] + (own + stages).map { "\($0)=base" }
        let config = Descriptor(mediaType: .dockerConfig, digest: Digest(of: [3]), size: 10)
        fixture.bases.images["example.org/base:1"] = try BaseImage(
            reference: Reference("example.org/base:1"), digest: Digest(of: [4]),
            manifest: ImageManifest(mediaType: .dockerManifest, config: config, layers: []),
            config: ImageConfig(json: [
                "architecture": .string(Platform.current.architecture), "os": "linux",
                "rootfs": ["type": "layers", "diff_ids": []],
                "config": [
                    "Env": .array(variables.map(JSONValue.string)), "Cmd": ["/evil.json"], "Entrypoint": ["/evil"],
                    "StopSignal": "SIGWINCH", "Volumes": ["/.caas": [:], "/./.caas/x": [:], "/data": [:]],
                ],
            ]))
        let image = try await fixture.build("name: app\nbase: example.org/base:1\nprogram: trainer", program: program)
        let names = Set(image.config.environment.map(\.name))
        #expect(names == ["PATH", "OPENSSL_CONF", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"])
        let baked = try baked(image)
        #expect(Set(baked.imageEnvironment.keys) == names)
        #expect(baked.childEnvironment == ["https_proxy": "base", "NO_PROXY": "base", "LD_AUDIT": "base"])
        #expect(image.config["Cmd"] == nil && image.config["Entrypoint"] == ["/.caas/caas-entrypoint"])
        #expect(image.config["Volumes"] == ["/data": [:]] && image.config["StopSignal"] == nil)
        for name in own { #expect(fixture.events.warnings.contains { $0.hasPrefix("\(name) of the base's ENV") }) }
    }

    @Test(arguments: ["PORT", "KEEP_ALIVE", "GRACE_SECONDS", "CAAS_PROGRAM"])
    mutating func `a definition with a program cannot say what a deployment says`(_ name: String) async throws {
        try fixture.makeEntrypoint()
        let text = yaml.replacing("A: b", with: "\(name): x")
        let error = await #expect(throws: Failure.self) { try await fixture.build(text, program: program) }
        #expect(error?.description.contains("its 'environment' sets \(name), which the entrypoint takes") == true)
    }

    @Test mutating func `without the entrypoint's layer one is told what to type`() async throws {
        fixture.entrypointFolders = ["/a", "/b"]
        let error = await #expect(throws: Failure.self) { try await fixture.build(yaml, program: program) }
        #expect(
            error?.description
                == "cannot bake a program into an image: the entrypoint's layer is not in /a or /b; type: make entrypoint"
        )
    }

    @Test mutating func `an artifact that is damaged or for another machine is refused`() async throws {
        try fixture.makeEntrypoint { $0["architecture"] = "riscv64" }
        let error = await #expect(throws: Failure.self) { try await fixture.build(yaml, program: program) }
        #expect(error?.description.contains("entrypoint is for riscv64; make one on such a machine") == true)
        try FileSystem.removeTree(fixture.folder("entrypoint"))
        try fixture.makeEntrypoint { $0["digest"] = .string("\(Digest(of: [1]))") }
        let other = await #expect(throws: Failure.self) { try await fixture.build(yaml, program: program) }
        #expect(other?.description.contains("has the digest") == true)
        try FileSystem.write(Array("{}".utf8), to: fixture.folder("entrypoint/layer.json"))
        let third = await #expect(throws: Failure.self) { try await fixture.build(yaml, program: program) }
        #expect(third?.description.hasSuffix("'digest' is missing; type: make entrypoint") == true)
    }
}
