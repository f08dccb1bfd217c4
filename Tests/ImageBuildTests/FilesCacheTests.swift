import Definitions
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

@Suite struct FilesCacheTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }
    private let yaml = "name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /a}\n"

    init() throws { fixture = try BuildFixture() }

    /// Waits until the files are old enough for their times to be reliable.
    private func settle() async throws { try await Task.sleep(for: .milliseconds(60)) }

    private func layer(isVerifying: Bool = false) async throws -> Descriptor {
        fixture.events.clear()
        return try #require(try await fixture.build(yaml, isVerifying: isVerifying).manifest.layers.first)
    }

    /// Returns the only new entry of the cache.
    private func newEntry(since before: Set<String> = []) throws -> FilePath {
        let names = Set(try FileSystem.names(in: folder("home/cache/layers")).map(\.string)).subtracting(before)
        #expect(names.count == 1)
        return folder("home/cache/layers").appending(try #require(names.first))
    }

    private func isIntact(_ layer: Descriptor) throws -> Bool {
        Digest(of: try FileSystem.read(fixture.store.path(of: layer.digest))) == layer.digest
    }

    @Test func `what did not change is not read again`() async throws {
        try folder.write("image/files/a", "1")
        try folder.write("image/files/deep/er/b", "2")
        try await settle()
        let first = try await layer()
        #expect(fixture.events.hasProgress)
        #expect(try await layer() == first)
        #expect(!fixture.events.hasProgress)
        #expect(try await layer(isVerifying: true) == first)
        #expect(fixture.events.hasProgress)
        #expect(fixture.events.warnings == [])
    }

    /// Changes that a user may make to a file with one byte of content.
    @Test(arguments: [
        "printf 2 > files/a", "printf 2 > files/a; touch -d 1980-01-01 files/a",
        "printf 2 > new; touch -r files/a new; mv new files/a", "chmod +x files/a", "mv files/a files/c",
        "mkdir files/a2", "ln files/a files/hard", "rm files/b", "printf 3 > files/.dockerignore",
        "setfattr -n user.x -v 1 files/a",
    ])
    func `every change is seen, also one that leaves length and time`(change: String) async throws {
        try folder.write("image/files/a", "1")
        try folder.write("image/files/b", "1")
        try await settle()
        let first = try await layer()
        try await Command("sh", ["-c", change], in: folder("image")).succeed()
        #expect(try await layer() != first)
    }

    @Test func `two changes in one instant are told apart`() async throws {
        for round in 0..<30 {
            try folder.write("image/files/a", "\(round % 2)")
            let digest = try await layer().digest
            // The file is written in place, so that it keeps its inode.
            let file = try File(folder("image/files/a"), .replace(mode: 0o644))
            try file.write(Array("\((round + 1) % 2)".utf8))
            #expect(try await layer().digest != digest)
        }
    }

    @Test func `an entry that lies is found by verifying, and mended`() async throws {
        try folder.write("image/files/a", "1")
        try await settle()
        let old = try await layer()
        let oldEntry = try newEntry()
        try folder.write("image/files/a", "2")
        try await settle()
        let right = try await layer()
        let entry = try newEntry(since: [oldEntry.lastComponent?.string ?? ""])
        try FileSystem.write(FileSystem.read(oldEntry), to: entry)
        #expect(try await layer() == old)
        #expect(try await layer(isVerifying: true) == right)
        #expect(
            fixture.events.warnings == [
                "files: files into /a: the files had changed, though their times had not; the layer is made again"
            ])
        #expect(try await layer() == right)
        #expect(!fixture.events.hasProgress)
    }

    @Test func `a blob that somebody wrote to is made again`() async throws {
        try folder.write("image/files/a", "1")
        try await settle()
        let first = try await layer()
        let blob = fixture.store.path(of: first.digest)
        var content = try FileSystem.read(blob)
        content[content.count / 2] ^= 1
        do {
            let file = try File(blob, .replace(mode: 0o644))
            try file.write(content)
        }
        #expect(try await layer() == first)
        #expect(
            fixture.events.warnings == ["files: files into /a: the layer in the store was damaged; it is made again"])
        #expect(try isIntact(first))
        #expect(try await layer() == first)
        #expect(!fixture.events.hasProgress)
    }

    @Test func `a blob that kept its time is found by verifying`() async throws {
        try folder.write("image/files/a", "1")
        try await settle()
        let first = try await layer()
        let blob = fixture.store.path(of: first.digest).string
        try await Command(
            "sh", ["-c", "cp -p $0 copy; printf x | dd of=$0 bs=1 seek=20 conv=notrunc; touch -r copy $0", blob],
            in: folder.path
        ).succeed()
        #expect(try !isIntact(first))
        #expect(try await layer(isVerifying: true) == first)
        #expect(try isIntact(first))
    }

    @Test(arguments: ["", "{", "{}", "null", #"{"digest":"sha256:00","diff_id":"x","size":1,"mediaType":"a"}"#])
    func `a damaged entry is as good as none`(content: String) async throws {
        try folder.write("image/files/a", "1")
        try await settle()
        let first = try await layer()
        try FileSystem.write(Array(content.utf8), to: newEntry())
        #expect(try await layer() == first)
        #expect(fixture.events.hasProgress)
        #expect(try await layer() == first)
        #expect(!fixture.events.hasProgress)
    }

    @Test func `a layer that is gone from the store is made again`() async throws {
        try folder.write("image/files/a", "1")
        try await settle()
        let first = try await layer()
        try FileSystem.remove(fixture.store.path(of: first.digest))
        #expect(try await layer() == first)
        #expect(try isIntact(first))
    }
}
