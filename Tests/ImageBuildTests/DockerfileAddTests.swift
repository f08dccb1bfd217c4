import Archive
import Hashing
import HTTP
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests for what ADD does beyond COPY. <https://docs.docker.com/reference/dockerfile/#add>
struct DockerfileAddTests {
    private let fixture: DockerfileFixture

    init() throws {
        fixture = try DockerfileFixture()
    }

    private func writeTar(_ name: String, _ entries: [(ArchiveEntry, String)]) throws {
        var writer = try TarWriter(writingTo: File(fixture.folder("context/\(name)"), .create(mode: 0o644)))
        for (entry, content) in entries { try writer.append(entry, content: Array(content.utf8)) }
        try writer.finish()
    }

    private static func file(_ path: String, mode: UInt32 = 0o640) -> ArchiveEntry {
        ArchiveEntry(.regular, path: Array(path.utf8), mode: mode, user: 7, group: 8)
    }

    @Test func `of an archive everything comes along, and the last entry of a path counts`() async throws {
        try writeTar(
            "a",
            [
                (Self.file("f"), "first"), (Self.file("d/g"), "g"), (Self.file("f"), "last"),
                (
                    ArchiveEntry(
                        .hardLink, path: Array("h".utf8), target: Array("d/g".utf8), mode: 0o640, user: 7, group: 8), ""
                ),
                (ArchiveEntry(.symbolicLink, path: Array("l".utf8), target: Array("f".utf8), mode: 0o777), ""),
            ])
        let image = try await fixture.build("FROM scratch\nADD a /x")
        #expect(
            try fixture.list(image) == [
                "x/ 755 0:0", "x/d/ 755 0:0", "x/d/g 640 7:8 g", "x/f 640 7:8 last", "x/h 640 7:8 g", "x/l -> f",
            ])
        let owned = try await fixture.build("FROM scratch\nADD --chown=1:2 --chmod=600 a /x")
        #expect(try fixture.list(owned).contains("x/f 640 1:2 last"))
        #expect(try fixture.paths(try await fixture.build("FROM scratch\nADD --unpack=false a /x")) == ["x"])
        #expect(try fixture.paths(try await fixture.build("FROM scratch\nCOPY a /x")) == ["x"])
    }

    @Test func `hard links of a stage stay links on the way to another`() async throws {
        try writeTar(
            "a",
            [
                (Self.file("f"), "content"),
                (
                    ArchiveEntry(
                        .hardLink, path: Array("h".utf8), target: Array("f".utf8), mode: 0o640, user: 7, group: 8), ""
                ),
            ])
        let image = try await fixture.build("FROM scratch AS a\nADD a /x/\nFROM scratch\nCOPY --from=a /x /y")
        let layer = fixture.store.path(of: image.manifest.layers[0].digest)
        let lines = try await Command("bsdtar", ["-tvf", layer.string]).succeed()
        #expect(lines.contains("y/h link to y/f"))
        #expect(try fixture.list(image).contains("y/h 640 7:8 content"))
    }

    private static func link(_ path: String, _ target: String) -> ArchiveEntry {
        ArchiveEntry(.symbolicLink, path: Array(path.utf8), target: Array(target.utf8), mode: 0o777)
    }

    private static func folder(_ path: String, mode: UInt32 = 0o700) -> ArchiveEntry {
        ArchiveEntry(.directory, path: Array(path.utf8), mode: mode)
    }

    private static let replacements: [([(ArchiveEntry, String)], [String])] = [
        // Files behind symbolic links of the archive and of the image; the target folder is the root of the links.
        ([(link("l", "real"), ""), (file("l/f"), "f")], ["x/l -> real", "x/real/", "x/real/f f"]),
        ([(link("l", "/etc"), ""), (file("l/f"), "f")], ["x/etc/", "x/etc/f f", "x/l -> /etc"]),
        ([(link("l", "../../up"), ""), (file("l/f"), "f")], ["x/l -> ../../up", "x/up/", "x/up/f f"]),
        ([(file("link/f"), "f")], ["x/there/f f"]),
        ([(link("l", "m"), ""), (link("m", "n"), ""), (file("l/d/f"), "f")], ["x/l -> m", "x/m -> n", "x/n/d/f f"]),
        // Later entries replace earlier ones, and files of the image.
        ([(file("a"), "1"), (folder("a"), ""), (file("a/f"), "f")], ["x/a/", "x/a/f f"]),
        ([(folder("a"), ""), (file("a/f"), "f"), (file("a"), "2")], ["x/a 2"]),
        ([(file("a/b/f"), "f"), (file("a"), "2"), (file("a"), "3")], ["x/a 3"]),
        ([(file("a/f"), "1"), (file("a"), "2"), (folder("a"), ""), (file("a/g"), "g")], ["x/a/", "x/a/g g"]),
        ([(folder("a"), ""), (file("a/f"), "f"), (link("a", "b"), ""), (file("a/g"), "g")], ["x/a -> b", "x/b/g g"]),
        ([(folder("link"), ""), (file("link/f"), "f")], ["x/link/", "x/link/f f"]),
        ([(file("there"), "now a file")], ["x/there now a file"]),
        ([(folder("file"), ""), (file("file/f"), "f")], ["x/file/", "x/file/f f"]),
    ]

    /// umoci unpacks the image, and its files are compared with the expected ones.
    @Test(arguments: replacements.indices)
    func `an archive's later entries stand on its earlier ones, and replace them`(_ index: Int) async throws {
        let (entries, expected) = Self.replacements[index]
        try writeTar("a", entries)
        try fixture.write(["there/old", "file"])
        try FileSystem.makeSymbolicLink(fixture.folder("context/link"), to: "/there")
        let image = try await fixture.build("FROM scratch\nCOPY --parents there file link /x/\nADD a /x")
        let seen = try fixture.list(image).map { $0.replacing(#/ [0-7]+ \d+:\d+/#, with: "") }
        for line in expected { #expect(seen.contains(line), "\(seen)") }
        let links = entries.filter { $0.0.kind == .symbolicLink }.map { String(decoding: $0.0.path, as: UTF8.self) }
        for link in links { #expect(!seen.contains { $0.hasPrefix("x/\(link)/") }, "\(seen)") }
        let out = try ImageOutput("oci:\(fixture.folder("out")):v1")
        try fixture.store.export(image.descriptor, to: out, name: "x")
        let rootless = CurrentUser.id == 0 ? [] : ["--rootless"]
        let bundle = fixture.folder("bundle")
        try await Command("umoci", ["unpack"] + rootless + ["--image", "out:v1", "bundle"], in: fixture.folder.path)
            .succeed()
        let list = [
            "-c", "cd \"$1\" && find x -mindepth 1 -printf '%p%y\n' | sort", "-", bundle.appending("rootfs").string,
        ]
        let unpacked = try await Command("sh", list).succeed()
        let ours = seen.dropFirst().map { line in
            let path = line.split(separator: " ")[0]
            return path.hasSuffix("/") ? "\(path.dropLast())d" : line.contains(" -> ") ? "\(path)l" : "\(path)f"
        }
        #expect(unpacked.split(separator: "\n").map(String.init).sorted() == ours.sorted())
    }

    @Test func `what an archive says last of a file or folder counts, and its own folders are root's`() async throws {
        func link(_ path: String, _ target: String, mode: UInt32, user: Int64) -> (ArchiveEntry, String) {
            let entry = ArchiveEntry(
                .hardLink, path: Array(path.utf8), target: Array(target.utf8), mode: mode, user: user, group: 9)
            return (entry, "")
        }
        try writeTar(
            "a",
            [
                (Self.file("f", mode: 0o600), "f"), link("h", "f", mode: 0o644, user: 3),
                link("i", "h", mode: 0o604, user: 4), (Self.folder("d", mode: 0o700), ""), (Self.file("late/x"), "x"),
                (Self.folder("d", mode: 0o711), ""), (Self.folder("late", mode: 0o1777), ""),
                (Self.file("on/the/way"), "w"),
            ])
        let image = try await fixture.build("FROM scratch\nADD --chown=1:2 a /x/")
        #expect(
            try fixture.list(image) == [
                "x/ 755 1:2", "x/d/ 711 1:2", "x/f 604 1:2 f", "x/h 604 1:2 f", "x/i 604 1:2 f", "x/late/ 1777 1:2",
                "x/late/x 640 1:2 x", "x/on/ 755 0:0", "x/on/the/ 755 0:0", "x/on/the/way 640 1:2 w",
            ])
        let own = try await fixture.build("FROM scratch\nADD a /x/")
        for name in ["f", "h", "i"] { #expect(try fixture.list(own).contains("x/\(name) 604 4:9 f")) }
    }

    @Test func `a hard link to what the archive replaces later is refused`() async throws {
        let link = ArchiveEntry(.hardLink, path: Array("h".utf8), target: Array("f".utf8), mode: 0o640)
        try writeTar("a", [(Self.file("f"), "1"), (link, ""), (Self.file("f"), "2")])
        let complaint = await fixture.complaint("FROM scratch\nADD a /x/")
        #expect(complaint.contains("'/h' is a hard link to '/f', which is not in it or another file later on"))
    }

    @Test(arguments: [
        ("../out", "leads out of it by '..'"), ("d/../../out", "leads out of it by '..'"),
        (".wh.x", "mean removals in a layer"),
    ])
    func `an archive cannot reach beyond its folder`(_ path: String, _ expected: String) async throws {
        try fixture.folder.write("evil", "evil")
        try FileSystem.makeSymbolicLink(fixture.folder("l"), to: "/etc")
        let arguments = ["-Pcf", "context/a", "l", "evil", "--transform", "s,^evil$,\(path),"]
        try await Command("tar", arguments, in: fixture.folder.path).succeed()
        let complaint = await fixture.complaint("FROM scratch\nADD a /x/")
        #expect(complaint.contains(expected), "\(complaint)")
    }

    @Test func `a tar whose first entry has no name is unpacked`() async throws {
        let script = """
            import io, sys, tarfile
            with tarfile.open(sys.argv[1], "w", format=tarfile.USTAR_FORMAT) as tar:
                root = tarfile.TarInfo("")
                root.type = tarfile.DIRTYPE
                tar.addfile(root)
                file = tarfile.TarInfo("file")
                file.size = 2
                tar.addfile(file, io.BytesIO(b"in"))
            """
        try await Command("python3", ["-c", script, fixture.folder("context/a").string]).succeed()
        let image = try await fixture.build("FROM scratch\nADD a /x/")
        #expect(try fixture.paths(image).last == "x/file")
    }

    @Test func `a URL gives a file of its owner's alone, whose checksum is checked`() async throws {
        let content = Array("content of the file".utf8)
        let server = try await LoopbackServer { request in
            switch request.path {
            case "/dir/file%20name.txt", "/", "/dir/": .answer(200, body: content)
            case "/moved": .answer(302, ["Location": "/dir/file%20name.txt"])
            default: .answer(404, text: "nothing")
            }
        }
        let sum = "sha256:\(SHA256.hash(content).hexadecimal)"
        let url = "http://\(server.host)"
        for (text, path) in [
            ("ADD --checksum=\(sum) \(url)/dir/file%20name.txt?x=1 /x/", "x/file name.txt"),
            ("ARG S=\(sum)\nADD --checksum=$S \(url)/dir/file%20name.txt /x/y", "x/y"),
            ("ADD \(url)/moved /x/", "x/moved"), ("ADD \(url)/ /x/y", "x/y"), ("ADD \(url)/dir/ /x/", "x/dir"),
        ] {
            let image = try await fixture.build("FROM scratch\n\(text)")
            #expect(try fixture.list(image) == ["x/ 755 0:0", "\(path) 600 0:0 content of the file"])
        }
        #expect(fixture.events.warnings.count == 3)
        #expect(fixture.events.warnings.allSatisfy { $0.contains("add --checksum=sha256:… to the ADD") })
        let wrong = sum.replacing("sha256:", with: "sha256:0").dropLast()
        for (text, reason) in [
            ("ADD --checksum=\(wrong) \(url)/moved /x/", "not the one that --checksum says"),
            ("ADD \(url)/gone /x/", "the server answers 404"), ("ADD \(url)/ /x/", "the URL has no name for the file"),
        ] {
            let complaint = await fixture.complaint("FROM scratch\n\(text)")
            #expect(complaint.contains(reason), "\(complaint)")
        }
    }
}
