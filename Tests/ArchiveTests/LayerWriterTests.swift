import Archive
import Hashing
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct LayerWriterTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(
        _ compression: LayerCompression, to name: String = "layer",
        _ body: (inout LayerWriter) throws -> Void
    ) throws -> WrittenLayer {
        var writer = try LayerWriter(
            writingTo: File(folder(name), .replace(mode: 0o644)), compression: compression)
        try body(&writer)
        return try writer.finish()
    }

    @Test func `bsdtar lists every kind of entry as it was meant`() async throws {
        _ = try write(.none) { writer in
            try writer.append(ArchiveEntry(.directory, path: Array("opt".utf8), mode: 0o1777, modified: 86_400))
            try writer.append(
                ArchiveEntry(.regular, path: Array("opt/su".utf8), mode: 0o4755, user: 5, group: 6, modified: 1),
                content: Array("abc".utf8))
            try writer.append(
                ArchiveEntry(.symbolicLink, path: Array("opt/link".utf8), target: Array("../su".utf8), mode: 0o777))
            try writer.append(
                ArchiveEntry(.hardLink, path: Array("opt/hard".utf8), target: Array("opt/su".utf8), mode: 0o4755))
        }
        let listing = try await Command(
            "bsdtar", ["--numeric-owner", "-tvf", folder("layer").string], environment: ["TZ": "UTC"]
        ).succeed()
        let fields = listing.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(fields.map { $0[0] } == ["drwxrwxrwt", "-rwsr-xr-x", "lrwxrwxrwx", "hrwsr-xr-x"])
        #expect(fields.map { $0[2...4].joined(separator: " ") } == ["0 0 0", "5 6 3", "0 0 0", "0 0 0"])
        #expect(fields[0][5...6] == ["Jan", "2"])
        #expect(
            fields.map { $0[8...].joined(separator: " ") } == [
                "opt/", "opt/su", "opt/link -> ../su", "opt/hard link to opt/su",
            ])
    }

    /// Writes 256 bytes of headers and 3 MiB of tar: block borders fall into the middle of the content.
    private static func fill(_ writer: inout LayerWriter, bytes: Int) throws {
        var random = SeededGenerator(seed: 42)
        let content = random.bytes(bytes, bits: 4)
        try writer.append(ArchiveEntry(.regular, path: Array("content".utf8), mode: 0o644), content: content)
    }

    @Test(arguments: [0, 1, (1 << 20) - 1536, (1 << 20) - 512, 11 << 20])
    func `gzip reads our gzip, whose bytes do not depend on threads`(size: Int) async throws {
        let layers = try [1, 2, 5, 100].map { threads in
            try write(.gzip(threads: threads)) { try Self.fill(&$0, bytes: size) }
        }
        #expect(Set(layers).count == 1)
        let layer = try #require(layers.first)
        let content = try FileSystem.read(folder("layer"))
        #expect(SHA256.hash(content) == layer.digest)
        #expect(layer.size == Int64(content.count))
        try await Command("sh", ["-c", "gzip -t < \(folder("layer"))"]).succeed()
        let sum = try await Command("sh", ["-c", "gzip -dc < \(folder("layer")) | sha256sum"]).succeed()
        #expect(sum == "\(layer.diffID.hexadecimal)  -")
        let python = "import gzip, sys; print(len(gzip.open(sys.argv[1]).read()))"
        #expect(try await Command("python3", ["-c", python, folder("layer").string]).succeed() == "\(layer.tarSize)")
    }

    @Test func `every compression holds the same tar`() async throws {
        let layers = try [LayerCompression.none, .gzip(threads: 2), .gzipPortable(level: 9, threads: 2)].map {
            compression in
            try write(compression) { try Self.fill(&$0, bytes: 3 << 20) }
        }
        #expect(Set(layers.map(\.diffID)).count == 1)
        #expect(layers[0].digest == layers[0].diffID)
        #expect(layers[2].size < layers[0].size)
        try await Command("sh", ["-c", "gzip -t < \(folder("layer"))"]).succeed()
    }

    @Test(arguments: [
        Array("größe/ß".utf8), [0xFF, 0x41, 0xFE], Array(String(repeating: "long", count: 60).utf8),
        Array(String(repeating: "deep/er/", count: 40).utf8) + Array("x".utf8),
    ])
    func `a name survives whatever its bytes are`(name: [UInt8]) async throws {
        _ = try write(.none) { try $0.append(ArchiveEntry(.regular, path: name, mode: 0o644), content: [1]) }
        let python = "import tarfile, sys, os; print(os.fsencode(tarfile.open(sys.argv[1]).getnames()[0]).hex())"
        #expect(try await Command("python3", ["-c", python, folder("layer").string]).succeed() == name.hexadecimal)
        var reader = try LayerReader(File(folder("layer"), .read))
        let entry = try reader.next()
        #expect(entry?.path == name)
    }

    @Test func `names and times of users are in no header`() throws {
        _ = try write(.none) { writer in
            try writer.append(
                ArchiveEntry(
                    .regular, path: Array("file".utf8), mode: 0o755, extendedAttributes: ["user.b": [2], "user.a": [1]]),
                content: [])
        }
        let tar = try FileSystem.read(folder("layer"))
        let text = String(decoding: tar, as: UTF8.self)
        #expect(text.contains("SCHILY.xattr.user.a=\u{1}"))
        for word in ["LIBARCHIVE", "atime", "ctime", "root"] { #expect(!text.contains(word), "\(word)") }
        // The uname and gname of every header.
        for start in stride(from: 0, to: tar.count, by: 512) where tar[start...].starts(with: Array("file\0".utf8)) {
            #expect(tar[start + 265..<start + 329].allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: ["/etc", "../etc", "a/../b", ""])
    func `a path outside the layer is refused`(path: String) throws {
        let error = #expect(throws: Failure.self) {
            try write(.none) { try $0.append(ArchiveEntry(.directory, path: Array(path.utf8), mode: 0o755)) }
        }
        #expect(error?.description == "cannot write '\(path)' to a layer: it is not a path below the layer's root")
    }

    @Test func `no path comes twice`() throws {
        let error = #expect(throws: Failure.self) {
            try write(.none) { writer in
                try writer.append(ArchiveEntry(.regular, path: Array("d/a".utf8), mode: 0o644))
                try writer.append(ArchiveEntry(.regular, path: Array("d/b".utf8), mode: 0o644))
                try writer.append(
                    ArchiveEntry(.hardLink, path: Array("d/a".utf8), target: Array("d/a".utf8), mode: 0o644))
            }
        }
        #expect(error?.description == "cannot write d/a to a layer: it is in the layer already")
    }

    @Test(arguments: [2, 4]) func `a content that is not as long as was said is refused`(length: Int) throws {
        let error = #expect(throws: Failure.self) {
            try write(.gzip(threads: 2)) { writer in
                var chunks = [length]
                let entry = ArchiveEntry(.regular, path: Array("log".utf8), mode: 0o644, size: 3)
                try writer.append(entry) { (_) in chunks.popLast() ?? 0 }
            }
        }
        #expect(error?.description == "cannot write log to a layer: its content changed while it was read")
    }
}
