import ImageLayers
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct ArchiveLayerTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws { fixture = try BuildFixture() }

    /// Makes a tar `image/data`; the Python script adds the content to the tar `t`.
    private func makeTar(_ script: String, mode: String = "w") async throws {
        let program = """
            import io, sys, tarfile
            t = tarfile.open(sys.argv[1], sys.argv[2], format=tarfile.PAX_FORMAT)
            def add(name, content=b"x", **changes):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                info.mtime = 100
                for key, value in changes.items(): setattr(info, key, value)
                t.addfile(info, io.BytesIO(content))
            folder, link, hard = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE

            """
        try FileSystem.makeFolder(folder("image"))
        try await Command("python3", ["-c", program + script + "\nt.close()", folder("image/data").string, mode])
            .succeed()
    }

    private func build(_ options: String = "", into: String = "/data") async throws -> StoredImage {
        try await fixture.build(
            "name: app\nbase: scratch\nlayers:\n  - archive: {from: data, into: \(into)\(options)}\n")
    }

    private func refusal(_ options: String = "") async -> String? {
        await #expect(throws: Failure.self) { _ = try await build(options) }?.description
    }

    private func content(_ image: StoredImage, _ path: String) async throws -> String {
        let blob = fixture.store.path(of: image.manifest.layers[0].digest)
        return try await Command("bsdtar", ["-xOf", blob.string, path]).succeed()
    }

    @Test(arguments: ["w", "w:gz", "w:bz2", "w:xz"])
    func `a tar in any compression keeps its owners, modes, times and links`(mode: String) async throws {
        try await makeTar(
            """
            add("./", b"", type=folder)
            add("./a/", b"", type=folder, mode=0o750, uid=7, gid=8)
            add("./a/file", mode=0o4755, uid=1000)
            add("./a/hard", b"", type=hard, linkname="./a/file")
            add("./soft", b"", type=link, linkname="a/nowhere", mode=0o777)
            add("deep/down/file", mode=0o600)
            """, mode: mode)
        let image = try await build()
        #expect(
            try await fixture.list(image) == [
                "drwxr-xr-x 0:0 Jan 1 1970 data/", "drwxr-x--- 7:8 Jan 1 1970 data/a/",
                "-rwsr-xr-x 1000:0 Jan 1 1970 data/a/file",
                "hrw-r--r-- 0:0 Jan 1 1970 data/a/hard link to data/a/file",
                "lrwxrwxrwx 0:0 Jan 1 1970 data/soft -> a/nowhere",
                "drwxr-xr-x 0:0 Jan 1 1970 data/deep/", "drwxr-xr-x 0:0 Jan 1 1970 data/deep/down/",
                "-rw------- 0:0 Jan 1 1970 data/deep/down/file",
            ])
        #expect(try await build().descriptor == image.descriptor)
        let owned = try await build(", owner: \"3:4\"")
        #expect(try await fixture.list(owned)[2] == "-rwsr-xr-x 3:4 Jan 1 1970 data/a/file")
        #expect(try await fixture.list(owned).contains("drwxr-xr-x 3:4 Jan 1 1970 data/deep/down/"))
    }

    @Test(arguments: ["gnu", "pax"]) func `a file that is one hole comes as zeros`(dialect: String) async throws {
        try FileSystem.makeFolder(folder("image"))
        try FileSystem.makeFolder(folder("t"))
        let script = "truncate -s 1048577 t/hole && tar --sparse --format=\(dialect) -C t -cf image/data hole"
        try await Command("sh", ["-c", script], in: folder.path).succeed()
        #expect(try await content(try await build(), "data/hole").utf8.count == 1_048_577)
    }

    @Test func `zstd and zip are read too, and a zip's times and owners do not count`() async throws {
        try await makeTar("add('file')")
        let plain = try await build()
        let path = folder("image/data").string
        try await Command("zstd", ["-q", "-f", "--rm", path, "-o", path + ".zst"]).succeed()
        try FileSystem.rename(folder("image/data.zst"), to: folder("image/data"))
        #expect(try await build().descriptor == plain.descriptor)
        try FileSystem.remove(folder("image/data"))
        try folder.write("z/deep/run", "zip", mode: 0o755)
        try await Command("zip", ["-q", "-r", path + ".zip", "deep/run"], in: folder("z")).succeed()
        try FileSystem.rename(folder("image/data.zip"), to: folder("image/data"))
        #expect(
            try await fixture.list(try await build(into: "/")) == [
                "drwxr-xr-x 0:0 Jan 1 1970 deep/", "-rwxr-xr-x 0:0 Jan 1 1970 deep/run",
            ])
    }

    @Test func `of a path that is there twice the last counts`() async throws {
        try await makeTar(
            """
            add("a", b"first")
            add("d", b"", type=folder, mode=0o700)
            add("d/x")
            add("a", b"second")
            add("d", b"", type=folder, mode=0o711)
            """)
        let image = try await build()
        #expect(
            try await fixture.list(image) == [
                "drwxr-xr-x 0:0 Jan 1 1970 data/", "drwx--x--x 0:0 Jan 1 1970 data/d/",
                "-rw-r--r-- 0:0 Jan 1 1970 data/d/x", "-rw-r--r-- 0:0 Jan 1 1970 data/a",
            ])
        #expect(try await content(image, "data/a") == "second")
    }

    private static let hostile = [
        ("add('../x')", "'../x' leads out of the archive by '..'"),
        ("add('a/../../x')", "'a/../../x' leads out of the archive by '..'"),
        ("add('/etc/x')", "'/etc/x' is an absolute path"),
        ("add('l', b'', type=link, linkname='/etc'); add('l/x')", "'l/x' lies behind the link 'l'"),
        ("add('a'); add('a/b')", "'a/b' lies behind the file 'a'"),
        ("add('d', b'', type=folder); add('d/x'); add('d')", "'d/x' lies behind the file 'd'"),
        ("add('d', b'', type=folder); add('h', b'', type=hard, linkname='d')", "'h' is a link to a folder"),
        ("add('l', b'', type=link, linkname='../../x')", "the link 'l' leads out of the image by '..'"),
        ("add('h', b'', type=hard, linkname='../x')", "'../x' leads out of the archive by '..'"),
        ("add('h', b'', type=hard, linkname='x')", "'h' is a link to a file that does not come before it"),
        (
            "add('x'); add('h', b'', type=hard, linkname='x'); add('x')",
            "'h' is a link to 'x', which it holds again later"
        ),
        ("add('d/.wh.x')", "'d/.wh.x': names that begin with '.wh.' mean removals in a layer"),
        (
            "add('null', b'', type=tarfile.CHRTYPE, devmajor=1, devminor=3)",
            "'null' is a device; where that is meant, say 'privileged: true'"
        ),
    ]

    @Test(arguments: hostile) func `what leads elsewhere is refused and named`(script: String, reason: String)
        async throws
    {
        try await makeTar(script)
        #expect(await refusal() == "cannot unpack \(folder("image/data")): \(reason)")
        #expect(try fixture.blobs().isEmpty)
    }

    @Test func `a bomb is refused before anything of it is kept, unless its size is meant`() async throws {
        try await makeTar("add('zeros', bytes(64 << 20))", mode: "w:xz")
        #expect(
            await refusal(", limit: 1MiB")
                == "cannot unpack \(folder("image/data")): it unpacks to more than 1048576 bytes at 'zeros'; "
                + "where that is meant, say so by 'limit'")
        #expect(try fixture.blobs().isEmpty)
        _ = try await build(", limit: 65MiB")
        // The limit applies to the size in the header; the content need not exist.
        try await makeTar("i = tarfile.TarInfo('huge'); i.size = 1 << 40; t.addfile(i, None)")
        #expect(await refusal()?.contains("it unpacks to more than 10737418240 bytes at 'huge'") == true)
    }

    @Test func `an archive that is not the one that was meant, or none, is refused`() async throws {
        try await makeTar("add('file')")
        let wrong = String(repeating: "0", count: 64)
        let line = await refusal(", sha256: \"\(wrong)\"")
        #expect(line?.hasSuffix(", not the one that 'sha256' says") == true)
        try folder.write("image/data", "this is no archive")
        #expect(await refusal()?.hasPrefix("cannot read \(folder("image/data")): ") == true)
        try await makeTar("add('file', bytes(1 << 20))", mode: "w:gz")
        let content = try FileSystem.read(folder("image/data"))
        try FileSystem.write(Array(content.prefix(content.count / 2)), to: folder("image/data"))
        #expect(await refusal()?.hasPrefix("cannot read \(folder("image/data")): ") == true)
        #expect(try fixture.blobs().isEmpty)
    }
}
