import Archive
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct ArchiveReaderTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("tree/a", String(repeating: "a", count: 300_000))
        try folder.write("tree/b/größe", "c")
        try FileSystem.makeSymbolicLink(folder("tree/l"), to: "a")
    }

    @Test(arguments: [
        [], ["--gzip"], ["--bzip2"], ["--xz"], ["--lzma"], ["--lz4"], ["--zstd"], ["--compress"], ["--format=zip"],
        ["--format=7zip"], ["--format=cpio"], ["--format=ustar"], ["--format=gnutar"],
    ])
    func `an archive is read whatever its form`(options: [String]) async throws {
        try await Command(
            "bsdtar", options + ["-cf", folder("archive").string, "-C", folder("tree").string, "a", "b", "l"],
            environment: ["LC_ALL": "C.UTF-8"]
        ).succeed()
        var reader = try ArchiveReader(File(folder("archive"), .read))
        var entries: [String: ArchiveEntry] = [:]
        var contents: [String: Int] = [:]
        while let entry = try reader.next() {
            entries[entry.name] = entry
            contents[entry.name] = try reader.content(limit: 1 << 20).count
        }
        // Most formats mark a folder with a trailing slash.
        let names = entries.keys.map { $0 == "b/" ? "b" : $0 }
        #expect(names.sorted() == ["a", "b", "b/größe", "l"])
        #expect(contents["a"] == 300_000)
        #expect(entries["a"]?.size == 300_000)
        #expect(contents["b/größe"] == 1)
        #expect(entries["l"]?.kind == .symbolicLink)
        #expect(entries["l"]?.target == Array("a".utf8))
    }

    @Test func `what is no archive is refused, and an empty file has no entries`() throws {
        try folder.write("text", "no archive at all, just words\n")
        let error = #expect(throws: Failure.self) {
            var reader = try ArchiveReader(File(folder("text"), .read))
            _ = try reader.next()
        }
        #expect(error?.description == "cannot read \(folder("text")): Unrecognized archive format")
        try folder.write("empty", "")
        var reader = try ArchiveReader(File(folder("empty"), .read))
        let entry = try reader.next()
        #expect(entry == nil)
    }
}
