import Definitions
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

@Suite struct FilesSplitTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws { fixture = try BuildFixture() }

    private func yaml(_ split: String, _ more: String = "") -> String {
        "name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /opt/a, split: \(split)\(more)}\n"
    }

    /// Writes 8 MiB of incompressible files, with one folder that is bigger than a layer.
    private func writeTree() async throws {
        let script = """
            import os, random
            random.seed(1)
            for i in range(240):
                path = f"files/{'big/deep' if i % 2 else f'p{i // 20}'}/f{i}"
                os.makedirs(os.path.dirname(path), exist_ok=True)
                open(path, "wb").write(random.randbytes(random.randrange(1, 70000)))
            open("files/big/alone", "wb").write(random.randbytes(1500000))
            os.mkdir("files/empty")
            os.symlink("p0", "files/link")
            """
        try FileSystem.makeFolder(folder("image"))
        try await Command("python3", ["-c", script], in: folder("image")).succeed()
    }

    private func unpacked(_ image: StoredImage) async throws -> String {
        let place = folder("unpacked-\(image.manifest.config.digest.hexadecimal.prefix(8))")
        try FileSystem.makeFolder(place)
        for layer in image.manifest.layers {
            let blob = fixture.store.path(of: layer.digest).string
            try await Command("bsdtar", ["-xpf", blob, "-C", place.string]).succeed()
        }
        return place.appending("opt/a").string
    }

    @Test func `the parts give the whole, none is too big, and the parents are in each`() async throws {
        try await writeTree()
        let image = try await fixture.build(yaml("1MiB"))
        #expect((8...24).contains(image.manifest.layers.count))
        try await Command("diff", ["-r", "--no-dereference", folder("image/files").string, try await unpacked(image)])
            .succeed()
        var paths: [String] = []
        for number in image.manifest.layers.indices {
            let lines = try await fixture.list(image, layer: number)
            #expect(lines.starts(with: ["drwxr-xr-x 0:0 Jan 1 1970 opt/", "drwxr-xr-x 0:0 Jan 1 1970 opt/a/"]))
            paths += lines.filter { !$0.hasPrefix("d") }
            #expect(Set(lines).count == lines.count)
        }
        #expect(Set(paths).count == paths.count)
        let tooBig = image.manifest.layers.filter { $0.size > 1 << 20 }
        #expect(tooBig.count == 1)
        let parts = image.config.json["history"]?.array?.compactMap { $0["created_by"]?.string } ?? []
        #expect(parts.contains("caasctl build: files: files into /opt/a: big/alone"))
        #expect(parts.contains { $0.hasPrefix("caasctl build: files: files into /opt/a: * 1/") })
        #expect(parts.contains { $0.hasPrefix("caasctl build: files: files into /opt/a: big/deep/* 1/") })
    }

    @Test func `an edited, added or removed file makes one layer new`() async throws {
        try await writeTree()
        try await Task.sleep(for: .milliseconds(60))
        let threads = [1, 8]
        var before = Set(try await fixture.build(yaml("1MiB")).manifest.layers)
        for (number, change) in [
            "printf x >> files/big/deep/f101", "printf x > files/p3/new", "printf x > files/big/deep/a",
            "rm files/p5/f100",
            "mkdir -p files/more/deep; printf x > files/more/deep/x",
        ].enumerated() {
            try await Command("sh", ["-c", change], in: folder("image")).succeed()
            let after = Set(try await fixture.build(yaml("1MiB"), threads: threads[number % 2]).manifest.layers)
            #expect(after.subtracting(before).count == 1, "\(change)")
            #expect(before.subtracting(after).count == 1, "\(change)")
            before = after
        }
    }

    @Test func `a folder's own time is in one small layer where times are kept`() async throws {
        try await writeTree()
        try await Command("sh", ["-c", "find files -exec touch -h -d @1000000000 {} +"], in: folder("image")).succeed()
        let image = try await fixture.build(yaml("1MiB", ", mtime: keep"))
        let last = image.manifest.layers.count - 1
        #expect(
            try await fixture.list(image, layer: last) == [
                "drwxr-xr-x 0:0 Jan 1 1970 opt/", "drwxr-xr-x 0:0 Sep 9 2001 opt/a/",
                "drwxr-xr-x 0:0 Sep 9 2001 opt/a/big/", "drwxr-xr-x 0:0 Sep 9 2001 opt/a/big/deep/",
            ])
        try folder.write("image/files/big/deep/new", "x")
        let after = try await fixture.build(yaml("1MiB", ", mtime: keep"))
        #expect(Set(after.manifest.layers).subtracting(image.manifest.layers).count == 2)
    }

    @Test func `a hard link across a cut becomes a copy, within a part it stays one`() async throws {
        try await writeTree()
        for (name, other) in [("p0/hard", "big/deep/f1"), ("big/deep-hard", "big/alone"), ("p2/hard", "p2/f40")] {
            #expect(try FileSystem.link(folder("image/files/\(other)"), as: folder("image/files/\(name)")))
        }
        let image = try await fixture.build(yaml("1MiB"))
        try await Command("diff", ["-r", "--no-dereference", folder("image/files").string, try await unpacked(image)])
            .succeed()
        var lines: [String] = []
        for number in image.manifest.layers.indices { lines += try await fixture.list(image, layer: number) }
        #expect(lines.filter { $0.hasPrefix("h") }.map { $0.split(separator: " ").last } == ["opt/a/p2/f40"])
        #expect(
            fixture.events.warnings == [
                "files: files into /opt/a: 2 files have hard links in several of the layers, and take their room in each; "
                    + "'split: none' keeps them together"
            ])
    }

    @Test func `what is smaller than a part, or said to be whole, is one layer`() async throws {
        try await writeTree()
        for split in ["64MiB", "none"] { #expect(try await fixture.build(yaml(split)).manifest.layers.count == 1) }
    }
}
