import Archive
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

/// Archives that try to consume excessive memory or time.
@Suite struct HostileArchiveTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Python code that opens the file `out`, and whose `header(kind, size, name)` returns a tar header block.
    private static let header = """
        import sys
        out = open(sys.argv[1], "wb")
        def header(kind, size, name=b"name"):
            h = bytearray(512)
            h[0:len(name)] = name
            h[100:107], h[108:115], h[116:123] = b"0000644", b"0000000", b"0000000"
            h[124:135] = b"%011o" % size
            h[136:147], h[148:156], h[156:157], h[257:265] = b"00000000000", b" " * 8, kind, b"ustar\\x0000"
            h[148:156] = b"%06o\\0 " % sum(h)
            return bytes(h)

        """

    @Test(arguments: [
        ("out.write(header(b'x', 8 << 30))", "a pax header of 8 GB"),
        ("out.write(header(b'L', 8 << 30))", "a name of 8 GB"),
        ("out.write(header(b'K', 8 << 30))", "a link of 8 GB"),
        ("out.write(header(b'x', 2 << 20) + b'9' * (2 << 20))", "a pax header of 2 MB"),
        (
            "[out.write(header(b'x', 10) + b'10 comm=a\\\\n'.ljust(512, b'\\\\0')) for _ in range(100000)]",
            "pax headers without end"
        ),
        ("out.write(header(b'0', 8 << 30))", "a file that is cut"),
        (
            "out.write(b'\\\\x1f\\\\x8b\\\\x08\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0\\\\3' + b'\\\\xff' * 100000)",
            "damaged gzip"
        ),
    ])
    func `a hostile tar is an error that costs nothing`(code: String, _: String) async throws {
        let script = Self.header + code.replacing("\\\\", with: "\\") + "\nout.close()\n"
        try await Command("python3", ["-c", script, folder("layer").string]).succeed()
        let error = #expect(throws: Failure.self) {
            var reader = try LayerReader(File(folder("layer"), .read))
            while try reader.next() != nil {}
        }
        #expect(error?.description.hasPrefix("cannot read \(folder("layer")): ") == true, "\(error as Any)")
        #expect(throws: Failure.self) {
            var reader = try ArchiveReader(File(folder("layer"), .read))
            while try reader.next() != nil {}
        }
    }

    /// libarchive looks at the length in a header, and not at the one that a sparse file's pax header says.
    @Test(arguments: ["GNU.sparse.size", "GNU.sparse.realsize", "SCHILY.realsize"], [Int64.min, -1, Int64.max])
    func `a length that no file has is refused`(name: String, bytes: Int64) async throws {
        let script =
            Self.header + """
                line = b" \(name)=\(bytes)\\n"
                line = b"%d" % (len(line) + 2) + line
                out.write(header(b"x", len(line)) + line.ljust(512, b"\\0") + header(b"0", 0) + bytes(1024))
                out.close()
                """
        try await Command("python3", ["-c", script, folder("layer").string]).succeed()
        let expected = Failure("read \(folder("layer"))", "the length of 'name' is said to be \(bytes)")
        #expect(throws: expected) {
            var reader = try LayerReader(File(folder("layer"), .read))
            _ = try reader.next()
        }
        #expect(throws: expected) {
            var reader = try ArchiveReader(File(folder("layer"), .read))
            _ = try reader.next()
        }
    }

    @Test func `a bomb stops at the limit that its reader has`() async throws {
        try await Command(
            "sh",
            ["-c", "truncate -s 2G \(folder("zeros")) && cd \(folder("")) && bsdtar --zstd -cf bomb zeros && rm zeros"]
        ).succeed()
        #expect(try FileStatus(folder("bomb")).size < 1 << 20)
        var reader = try ArchiveReader(File(folder("bomb"), .read))
        let entry = try reader.next()
        #expect(entry?.size == 2 << 30)
        let error = #expect(throws: Failure.self) { _ = try reader.content(limit: 1 << 20) }
        #expect(error?.description == "cannot read \(folder("bomb")): an entry is longer than 1048576 bytes")
    }

    @Test func `paths of an archive come as they are, for the reader to judge`() async throws {
        let python = """
            import io, sys, zipfile
            with zipfile.ZipFile(sys.argv[1], "w") as zip:
                for name in "../up", "/etc/passwd", "a/../../b": zip.writestr(name, "x")
            """
        try await Command("python3", ["-c", python, folder("zip").string]).succeed()
        var reader = try ArchiveReader(File(folder("zip"), .read))
        var names: [String] = []
        while let entry = try reader.next() { names.append(entry.name) }
        #expect(names == ["../up", "/etc/passwd", "a/../../b"])
    }
}
