import Definitions
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import ImageLayers
@testable import ImageBuild
import Wording

@Suite struct ImageLockTests {
    private var fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }
    private var file: FilePath { folder("image/image.lock") }

    init() throws {
        fixture = try BuildFixture()
        try FileSystem.makeFolder(folder("image"))
        try fixture.shareInstallers()
    }

    /// Builds like `caasctl build`: with the lock if there is one, or to make one.
    private func build(_ layers: String, base: String = "scratch", locking: Bool = false) async throws -> Descriptor {
        let definition = try ImageDefinition(
            parsing: "name: app\nbase: \(base)\nlayers:\n\(layers)\n", file: folder("image/image.yaml"),
            environment: [:])
        let builder = ImageBuilder(
            store: fixture.store, home: folder("home"), bases: fixture.bases, entrypointFolders: [],
            lock: locking ? nil : try ImageLock(reading: file), report: fixture.events.note)
        let built = try await builder.build(definition)
        if locking { try builder.lock.write(to: file) }
        return built.descriptor
    }

    private func refusal(_ layers: String, base: String = "scratch") async -> String? {
        await #expect(throws: Failure.self) { _ = try await build(layers, base: base) }?.description
    }

    @Test func `a branch stays at its commit until the lock is renewed`() async throws {
        try folder.write("image/repo/file", "one")
        let git = """
            cd '\(folder("image/repo"))' && git init -q -b main && export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a \
            GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a && git add . && git commit -qm one && git rev-parse HEAD
            """
        let commit = try await Command("sh", ["-c", git], environment: ["HOME": folder.path.string]).succeed()
        let layer = "  - git: {url: ./repo, commit: main, into: /src}"
        let first = try await build(layer, locking: true)
        let lock = try JSONValue(parsing: FileSystem.read(file))
        #expect(
            lock == [
                "version": 1,
                "inputs": [["kind": "git", "url": "./repo", "commit": "main", "locked": ["commit": .string(commit)]]],
            ])
        try folder.write("image/repo/file", "two")
        try await Command("sh", ["-c", git], environment: ["HOME": folder.path.string]).succeed()
        let before = fixture.events.warnings.count
        #expect(try await build(layer) == first)
        #expect(fixture.events.warnings.count == before)
        #expect(try await build(layer, locking: true) != first)
    }

    @Test func `what the lock has nothing for is named with its line`() async throws {
        try folder.write("image/a.tar", "")
        _ = try await build("  - archive: {from: a.tar, into: /a}", locking: true)
        #expect(
            await refusal("  - archive: {from: a.tar, into: /a}\n\n  - git: {url: ./repo, commit: main, into: /src}")
                == "cannot build by \(file): it was made before \(folder("image/image.yaml")):6 asked for this git; "
                + "renew it with --lock")
        try FileSystem.write(Array("{\"version\": 2}".utf8), to: file)
        #expect(await refusal("  []") == "cannot read \(file): its version is not 1; renew it with --lock")
    }

    @Test func `an archive or a base that is another one now is refused`() async throws {
        try folder.write("image/files/x", "x")
        try await Command("tar", ["-cf", folder("image/a.tar").string, "-C", folder("image/files").string, "x"])
            .succeed()
        let layer = "  - archive: {from: a.tar, into: /a}"
        let first = try await build(layer, locking: true)
        #expect(try await build(layer) == first)
        try folder.write("image/files/x", "changed")
        try await Command("tar", ["-cf", folder("image/a.tar").string, "-C", folder("image/files").string, "x"])
            .succeed()
        let line = await refusal(layer)
        #expect(line?.hasPrefix("cannot unpack \(folder("image/a.tar")): its SHA-256 is ") == true)
        #expect(line?.hasSuffix(", not what \(file) says; renew it with --lock") == true)
    }

    @Test mutating func `a base from a registry is asked for by the digest of the lock`() async throws {
        let config = ImageConfig(platform: Platform(os: "linux", architecture: "amd64"))
        func image(_ number: UInt8) throws -> BaseImage {
            let descriptor = Descriptor(mediaType: .imageConfig, digest: Digest(of: [number]), size: 10)
            return try BaseImage(
                reference: Reference("example.org/base:1"), digest: Digest(of: [number, number]),
                manifest: ImageManifest(config: descriptor, layers: []), config: config)
        }
        fixture.bases.images["example.org/base:1"] = try image(1)
        let first = try await build("  []", base: "example.org/base:1", locking: true)
        fixture.bases.images["example.org/base:1"] = try image(2)
        let pinned = try Reference("example.org/base:1").pinned(to: Digest(of: [1, 1]))
        fixture.bases.images[pinned.description] = try image(1)
        #expect(try await build("  []", base: "example.org/base:1") == first)
        #expect(try await build("  []", base: "example.org/base:1", locking: true) != first)
    }

    @Test func `wheels stay at their versions and digests though there are newer ones`() async throws {
        let wheel = """
            import sys, zipfile
            version, folder = sys.argv[1:]
            info = f"pack-{version}.dist-info"
            with zipfile.ZipFile(f"{folder}/pack-{version}-py3-none-any.whl", "w") as z:
                z.writestr("pack.py", f"version = {version!r}")
                z.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: pack\\nVersion: {version}\\n")
                z.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                z.writestr(f"{info}/RECORD", f"pack.py,,\\n{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")
            """
        try folder.write("image/requirements.txt", "--no-index\n-f .\npack\n")
        let layer = "  - python: {requirements: requirements.txt, version: \"3.11\", into: /opt/site}"
        try await Command("python3", ["-c", wheel, "1.0", folder("image").string]).succeed()
        let first = try await build(layer, locking: true)
        try await Command("python3", ["-c", wheel, "2.0", folder("image").string]).succeed()
        try FileSystem.removeTree(folder("home/cache/layers"))
        #expect(try await build(layer) == first)
        #expect(try await build(layer, locking: true) != first)
        try folder.write("image/requirements.txt", "--no-index\n-f .\npack<2\n")
        #expect(await refusal(layer)?.contains("image.yaml:4 asked for this python; renew it with --lock") == true)
    }

    @Test func `Debian's packages are read from what mmdebstrap prints, and compared by name`() {
        var listing = DebianPackageListing()
        for line in [
            "I: running", "caasctl-package: Package b", "caasctl-package: Version 1",
            "caasctl-package: Architecture all",
            "caasctl-package: SHA256 bb", "caasctl-package: Package a", "caasctl-package: Architecture amd64",
            "caasctl-package: Version 2", "caasctl-package: SHA256 aa",
        ] { _ = listing.take(line) }
        let found = listing.sorted
        #expect(found.map(\.name) == ["a", "b"])
        #expect(DebianPackage.list(.array(found.map(\.json))) == found)
        #expect(DebianPackage.difference(found, from: found) == nil)
        let older = DebianPackage(name: "a", architecture: "amd64", version: "1", sha256: "aa")
        #expect(DebianPackage.difference(found, from: [older, found[1]]) == "a is 2 there, 1 in the lock")
        #expect(DebianPackage.difference(found, from: [found[1]]) == "a is new there")
        #expect(DebianPackage.difference([found[1]], from: found) == "a is not there any more")
    }
}
