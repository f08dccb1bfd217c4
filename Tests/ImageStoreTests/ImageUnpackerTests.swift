import Archive
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct ImageUnpackerTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test func `every kind of entry gets its mode, target and content`() async throws {
        let tar = try await fixture.tar(
            "a",
            """
            add("./", DIR, mode=0o755)
            add("bin", DIR, mode=0o1777)
            add("bin/su", content=b"x", mode=0o4755)
            add("bin/hard", HARD, link="./bin/su")
            add("link", LINK, link="bin/su")
            add("absolute", LINK, link="/etc/passwd")
            add("fifo", FIFO, mode=0o600)
            add("zero", CHR)
            add("/leading/slash", content=b"s")
            """)
        #expect(
            try fixture.unpack(fixture.image([tar])) == [
                "l absolute -> /etc/passwd", "d 1777 bin", "- 4755 bin/hard x2 x", "- 4755 bin/su x2 x", "p 600 fifo",
                "d 755 leading", "- 644 leading/slash s", "l link -> bin/su",
            ])
        #expect(try FileStatus(fixture.folder("root/bin")).modified == 7_000_000_000)
    }

    @Test func `whiteouts remove what lies below, whatever their place in the layer`() async throws {
        let lower = try await fixture.tar(
            "a",
            """
            for name in ["keep", "gone", "dir/one", "dir/two", "opaque/old", "opaque/deep/old"]: add(name, content=b"1")
            """)
        let upper = try await fixture.tar(
            "b",
            """
            add("opaque/new", content=b"2")
            add("opaque/.wh..wh..opq")
            add(".wh.gone")
            add("dir/.wh.one")
            add("dir/.wh.never")
            add("again", content=b"2")
            add(".wh.again")
            """)
        #expect(
            try fixture.unpack(fixture.image([lower, upper])) == [
                "- 644 again 2", "d 755 dir", "- 644 dir/two 1", "- 644 keep 1", "d 755 opaque", "- 644 opaque/new 2",
            ])
    }

    @Test(arguments: ["'x\\udcff'", "'\\u0301x'"])
    func `a whiteout removes a name that is not UTF-8, or begins with what joins the dot before it`(
        _ name: String
    ) async throws {
        let lower = try await fixture.tar("a", "add(\(name), content=b'1')")
        let upper = try await fixture.tar("b", "add('.wh.' + \(name))")
        #expect(try fixture.unpack(fixture.image([lower])).count == 1)
        try FileSystem.removeTree(fixture.folder("root"))
        #expect(try fixture.unpack(fixture.image([lower, upper])) == [])
    }

    @Test func `a later layer replaces files, links and folders, and keeps a folder's content`() async throws {
        let lower = try await fixture.tar(
            "a",
            """
            add("dir", DIR, mode=0o700)
            add("dir/file", content=b"1")
            add("file", content=b"1")
            add("link", LINK, link="file")
            add("folder/below", content=b"1")
            """)
        let upper = try await fixture.tar(
            "b",
            """
            add("dir", DIR, mode=0o755)
            add("file", DIR, mode=0o755)
            add("file/inside", content=b"2")
            add("link", content=b"2")
            add("folder", LINK, link="dir")
            """)
        #expect(
            try fixture.unpack(fixture.image([lower, upper])) == [
                "d 755 dir", "- 644 dir/file 1", "d 755 file", "- 644 file/inside 2", "l folder -> dir", "- 644 link 2",
            ])
    }

    @Test func `links in a path lead below the root, as they do for a process in the container`() async throws {
        let outside = fixture.folder("outside")
        try FileSystem.makeFolder(outside)
        let lower = try await fixture.tar(
            "a",
            """
            add("usr/lib", DIR, mode=0o755)
            add("lib", LINK, link="usr/lib")
            add("up", LINK, link="../../../../..\(outside)")
            add("absolute", LINK, link="\(outside)")
            """)
        let upper = try await fixture.tar(
            "b",
            """
            add("lib/x", content=b"2")
            add("up/escaped", content=b"2")
            add("absolute/too", content=b"2")
            add(".wh.up")
            """)
        let lines = try fixture.unpack(fixture.image([lower, upper]))
        #expect(lines.contains("- 644 usr/lib/x 2"))
        #expect(try FileSystem.names(in: outside).isEmpty)
        #expect(try FileSystem.names(in: fixture.folder("root").pushing(FilePath("." + outside.string))) == ["too"])
        #expect(lines.contains("- 644 up/escaped 2"))
    }

    /// Scripts of hostile layers, with the expected errors.
    private static let hostile: [(script: String, reason: String)] = [
        (#"add("../escaped", content=b"x")"#, "cannot unpack '../escaped': the path has '..' in it"),
        (#"add("a/../../escaped")"#, "cannot unpack 'a/../../escaped': the path has '..' in it"),
        (#"add("hard", HARD, link="../../etc/passwd")"#, "cannot unpack '../../etc/passwd': the path has '..' in it"),
        (#"add("hard", HARD, link="/etc/passwd")"#, "cannot unpack 'hard': it is a link to a file that is not there"),
        (
            #"add("e", LINK, link="/etc"); add("hard", HARD, link="e/passwd")"#,
            "cannot unpack 'hard': it is a link to a file that is not there"
        ),
        (
            #"add("dir", DIR); add("hard", HARD, link="dir")"#,
            "cannot unpack 'hard': it is a link to a file that is not there"
        ),
        (#"add(".wh.")"#, "cannot unpack '.wh.': a whiteout must name what it removes"),
        (#"add(".wh...")"#, "cannot unpack '.wh...': a whiteout must name what it removes"),
        (#"add("a/.wh..")"#, "cannot unpack 'a/.wh..': a whiteout must name what it removes"),
        (
            #"add("l", LINK, link="m"); add("m", LINK, link="l"); add("l/x")"#,
            "cannot open ROOT/l: Too many levels of symbolic links"
        ),
        (#"add("file"); add("file/below")"#, "cannot open ROOT/file: Not a directory"),
    ]

    @Test(arguments: hostile) func `a hostile layer is refused`(script: String, reason: String) async throws {
        let image = try fixture.image([try await fixture.tar("a", script)])
        let error = #expect(throws: (any Error).self) { try fixture.unpack(image) }
        let text = error.map { "\($0)" }?.replacing(fixture.folder("root").string, with: "ROOT")
        #expect(text == reason)
    }

    @Test func `counts and sizes are bounded`() async throws {
        let tar = try await fixture.tar("a", "for n in range(9): add(str(n), content=b'x' * 100)")
        let image = try fixture.image([tar])
        for limits in [ImageUnpacker.Limits(entries: 8), .init(bytes: 899)] {
            let error = #expect(throws: Failure.self) { try fixture.unpack(image, limits: limits) }
            #expect(error?.description.contains("the image has more than \(limits.entries) files") == true)
        }
        #expect(try fixture.unpack(image, limits: .init(entries: 9, bytes: 900)).count == 9)
    }

    @Test func `a damaged layer and a wrong diff id are noticed before anything is written`() async throws {
        let tar = try await fixture.tar("a", "add('file', content=b'1')")
        let other = Digest(of: [1])
        let wrong = try fixture.image([tar], diffIDs: [other])
        let layer = try #require(wrong.manifest.layers.first)
        #expect(
            throws: Failure(
                "unpack layer \(layer.digest)", "it is not the layer \(other) of the image's config")
        ) {
            try fixture.unpack(wrong)
        }
        let image = try fixture.image([tar])
        var content = try FileSystem.read(fixture.store.path(of: layer.digest))
        content[600] ^= 1
        try FileSystem.write(content, to: fixture.store.path(of: layer.digest))
        #expect(throws: Failure("unpack layer \(layer.digest)", "its content is damaged")) {
            try fixture.unpack(image)
        }
        #expect(try FileSystem.names(in: fixture.folder("root")).isEmpty)
    }

    @Test func `a layer that is elsewhere is named`() async throws {
        let tar = try await fixture.tar("a", "add('file')")
        let image = try fixture.image([tar])
        let layer = try #require(image.manifest.layers.first)
        try FileSystem.remove(fixture.store.path(of: layer.digest))
        #expect(
            throws: Failure(
                "unpack image \(image.descriptor.digest)", "layer \(layer.digest) is not in the store")
        ) {
            try fixture.unpack(image)
        }
    }

    @Test func `umoci unpacks the same files from what we export`() async throws {
        let tar = try await fixture.tar(
            "a",
            """
            add("bin", DIR, mode=0o755)
            add("bin/tool", content=b"x", mode=0o755)
            add("bin/hard", HARD, link="bin/tool")
            add("link", LINK, link="bin/tool")
            """)
        let image = try fixture.image([tar])
        let output = try ImageOutput("oci:\(fixture.folder("layout")):v1")
        try fixture.store.export(image.descriptor, to: output, name: "example.org/app:v1")
        try await Command(
            "umoci",
            ["unpack", "--rootless", "--image", "\(fixture.folder("layout")):v1", fixture.folder("bundle").string]
        ).succeed()
        let lines = try fixture.unpack(image)
        let ours = try await Command(
            "sh", ["-c", "cd \(fixture.folder("root")) && find . -printf '%y %m %p %l\n' | sort"]
        )
        .succeed()
        let theirs = try await Command(
            "sh", ["-c", "cd \(fixture.folder("bundle/rootfs")) && find . -printf '%y %m %p %l\n' | sort"]
        ).succeed()
        #expect(lines.count == 4)
        #expect(ours == theirs)
    }
}
