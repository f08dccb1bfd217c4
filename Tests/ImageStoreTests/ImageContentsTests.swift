import Archive
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct ImageContentsTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// Layers of images, the lowest first; the contents must show the tree that the unpacker creates.
    private static let images: [[String]] = [
        [
            """
            add("./", DIR, mode=0o755)
            add("bin", DIR, mode=0o1777)
            add("bin/su", content=b"x", mode=0o4755)
            add("bin/hard", HARD, link="./bin/su")
            add("link", LINK, link="bin/su")
            add("soft", HARD, link="link")
            add("absolute", LINK, link="/etc/passwd")
            add("fifo", FIFO, mode=0o600)
            add("/leading/slash", content=b"s")
            add("twice", content=b"1")
            add("twice", content=b"22")
            """
        ],
        [
            """
            for name in ["keep", "gone", "dir/one", "dir/two", "opaque/old", "opaque/deep/old"]: add(name, content=b"1")
            """,
            """
            add("opaque/new", content=b"2")
            add("opaque/.wh..wh..opq")
            add(".wh.gone")
            add("dir/.wh.one")
            add("dir/.wh.never")
            add("nowhere/.wh.never")
            add(".wh..wh.aufs")
            add("again", content=b"2")
            add(".wh.again")
            """,
        ],
        [
            """
            add("dir", DIR, mode=0o700)
            add("dir/file", content=b"1")
            add("file", content=b"1")
            add("link", LINK, link="file")
            add("folder/below", content=b"1")
            add("kept", content=b"kept")
            """,
            """
            add("dir", DIR, mode=0o755)
            add("file", DIR, mode=0o755)
            add("file/inside", content=b"2")
            add("link", content=b"2")
            add("folder", LINK, link="dir")
            add("name", HARD, link="kept")
            add(".wh.dir")
            """,
            """
            add(".wh.kept")
            add("dir/new", content=b"3")
            add(".wh..wh..opq")
            add("after", content=b"3")
            """,
        ],
        [
            """
            add("usr/lib", DIR, mode=0o755)
            add("lib", LINK, link="usr/lib")
            add("up", LINK, link="../../../../x")
            add("absolute", LINK, link="/y/./z")
            """,
            """
            add("lib/x", content=b"2")
            add("up/escaped", content=b"2")
            add("absolute/too", content=b"2")
            add("lib/again", HARD, link="lib/x")
            """,
            """
            add("lib/.wh.x")
            """,
        ],
    ]

    @Test(arguments: images) func `the contents are what is unpacked`(scripts: [String]) async throws {
        var tars: [FilePath] = []
        for (number, script) in scripts.enumerated() { tars.append(try await fixture.tar("\(number)", script)) }
        let image = try fixture.image(tars)
        let unpacked = try fixture.unpack(image)
        // The second time reads the cached listings.
        for _ in 0..<2 {
            let contents = try ImageContents(layers: image.manifest.layers, in: fixture.store)
            #expect(try fixture.list(contents) == unpacked)
            #expect(contents.count == unpacked.count)
        }
    }

    @Test func `a file tells its layer, its owner, its time, its links and its values`() async throws {
        let lower = try await fixture.tar(
            "a",
            """
            entry = tarfile.TarInfo("dir/file")
            entry.pax_headers = {"SCHILY.xattr.user.note": "value"}
            entry.uid, entry.gid, entry.mtime, entry.size = 7, 8, 9, 5
            tar.addfile(entry, io.BytesIO(b"lower"))
            add("dir/other", HARD, link="dir/file")
            add("way", LINK, link="dir")
            """)
        let upper = try await fixture.tar("b", "add('upper', content=b'upper', mtime=-5)")
        let contents = try ImageContents(layers: try fixture.image([lower, upper]).manifest.layers, in: fixture.store)
        let file = try #require(contents.file(at: "/way/file".utf8))
        #expect(file.path == Array("dir/file".utf8))
        #expect(file.layer == 0)
        #expect([Int64(file.user), Int64(file.group), file.modified, file.size] == [7, 8, 9, 5])
        #expect(file.extendedAttributes == ["user.note": Array("value".utf8)])
        #expect(file.identity == contents.file(at: "dir/other".utf8)?.identity)
        #expect(contents.file(at: "upper".utf8)?.layer == 1)
        #expect(contents.file(at: "upper".utf8)?.modified == -5)
        #expect(contents.file(at: "dir".utf8)?.layer == nil)
        #expect(contents.file(at: "way".utf8)?.kind == .symbolicLink)
        #expect(try contents.resolve("way".utf8) == contents.file(at: "dir".utf8))
        #expect(try contents.resolve("way/../../dir/./other".utf8)?.path == Array("dir/other".utf8))
        #expect(try contents.resolve("upper/below".utf8) == nil)
        #expect(try contents.content(of: "/way/other".utf8) == Array("lower".utf8))
        #expect(throws: Failure.self) { try contents.content(of: "upper".utf8, limit: 4) }
    }

    @Test func `many contents come in one pass, each file once`() async throws {
        let lower = try await fixture.tar(
            "a", "for n in range(50): add(f'{n:02}', content=b'%d' % n)\nadd('link', HARD, link='03')")
        let upper = try await fixture.tar("b", "add('05', content=b'five')\nadd('.wh.06')")
        let contents = try ImageContents(layers: try fixture.image([lower, upper]).manifest.layers, in: fixture.store)
        let names = ["05", "link", "49", "03", "06", "00"]
        var read: [String] = []
        try contents.read(names.compactMap { contents.file(at: $0.utf8) }) {
            (file, next) throws in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)
            defer { buffer.deallocate() }
            let count = try next(buffer)
            read.append(
                "\(String(decoding: file.path, as: UTF8.self))=\(String(decoding: buffer[..<count], as: UTF8.self))")
        }
        #expect(read == ["00=0", "link=3", "49=49", "05=five"])
    }

    /// Scripts of invalid layers, with the expected errors.
    private static let hostile: [(script: String, reason: String)] = [
        ("add('../x')", "the path has '..' in it"), ("add('a/../../x')", "the path has '..' in it"),
        ("add('a/.wh.')", "a whiteout must name what it removes"),
        ("add('.wh...')", "a whiteout must name what it removes"),
        ("add('a', HARD, link='b')", "it is a link to a file that is not there"),
        ("add('a', LINK, link='b')\nadd('b', LINK, link='a')\nadd('a/x')", "its path leads through too many links"),
        ("add('a', content=b'1')\nadd('a/b', content=b'1')", "something above it is no folder"),
    ]

    @Test(arguments: hostile) func `a hostile layer is refused`(script: String, reason: String) async throws {
        let image = try fixture.image([try await fixture.tar("a", script)])
        let error = #expect(throws: Failure.self) {
            try ImageContents(layers: image.manifest.layers, in: fixture.store)
        }
        #expect(error?.description.hasSuffix(reason) == true)
    }

    @Test func `a damaged listing is made anew, and a damaged layer is refused`() async throws {
        let image = try fixture.image([try await fixture.tar("a", "add('x', content=b'1')")])
        let layer = image.manifest.layers[0]
        _ = try ImageContents(layers: [layer], in: fixture.store)
        let listing = fixture.store.folder.appending("listings/sha256").appending(layer.digest.hexadecimal)
        let whole = try FileSystem.read(listing)
        for damage in [[], Array(whole.dropLast()), whole.map { $0 ^ 1 }, Array(whole.prefix(20) + whole)] {
            try FileSystem.write(damage, to: listing)
            let contents = try ImageContents(layers: [layer], in: fixture.store)
            #expect(contents.root.children.map { Array($0.name) } == [[UInt8(ascii: "x")]])
            #expect(try FileSystem.read(listing) == whole)
        }
        try FileSystem.remove(listing)
        var content = try FileSystem.read(fixture.store.path(of: layer.digest))
        content[512] ^= 1
        try FileSystem.write(content, to: fixture.store.path(of: layer.digest))
        let error = #expect(throws: Failure.self) { try ImageContents(layers: [layer], in: fixture.store) }
        #expect(error?.description.hasSuffix("is damaged") == true)
        #expect(!FileSystem.exists(listing))
    }
}
