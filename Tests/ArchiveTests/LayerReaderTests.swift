import Archive
import Hashing
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct LayerReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: ["", "--gzip", "--zstd"])
    func `a layer of another program is read with both digests`(option: String) async throws {
        try folder.write("tree/a", String(repeating: "a", count: 300_000))
        try folder.write("tree/b/c", "c")
        try FileSystem.makeSymbolicLink(folder("tree/l"), to: "a")
        let options = option.isEmpty ? [] : [option]
        try await Command("bsdtar", options + ["-cf", folder("layer").string, "-C", folder("tree").string, "."])
            .succeed()
        var reader = try LayerReader(File(folder("layer"), .read))
        var names: [String] = []
        var lengths: [Int] = []
        while let entry = try reader.next() {
            names.append(entry.name)
            if entry.kind == .regular { lengths.append(try reader.content(limit: 1 << 20).count) }
        }
        let digests = try reader.finish()
        #expect(names.sorted() == ["./", "./a", "./b/", "./b/c", "./l"])
        #expect(lengths.sorted() == [1, 300_000])
        #expect(digests.digest == SHA256.hash(try FileSystem.read(folder("layer"))))
        let sum = try await Command(
            "sh", ["-c", "bsdcat < \(folder("layer")) | sha256sum"]
        ).succeed()
        #expect(sum == "\(digests.diffID.hexadecimal)  -")
    }

    @Test func `digests cover what nobody asked for`() throws {
        var writer = try LayerWriter(
            writingTo: File(folder("layer"), .create(mode: 0o644)), compression: .gzip(threads: 1))
        for number in 0..<50 {
            try writer.append(
                ArchiveEntry(.regular, path: Array("\(number)".utf8), mode: 0o644),
                content: [UInt8](repeating: 7, count: 100_000))
        }
        let written = try writer.finish()
        let digests = try LayerReader(File(folder("layer"), .read)).finish()
        #expect(digests.diffID == written.diffID)
        #expect(digests.digest == written.digest)
    }

    @Test func `an empty tar has no entries`() throws {
        let writer = try LayerWriter(
            writingTo: File(folder("layer"), .create(mode: 0o644)), compression: .gzip(threads: 1))
        let written = try writer.finish()
        var reader = try LayerReader(File(folder("layer"), .read))
        let entry = try reader.next()
        #expect(entry == nil)
        #expect(try reader.finish().diffID == written.diffID)
    }

    @Test func `a layer that was cut off is an error`() async throws {
        try folder.write("tree/a", String(repeating: "abc", count: 100_000))
        for option in ["--gzip", "--zstd"] {
            try await Command("bsdtar", [option, "-cf", folder("layer").string, "-C", folder("tree").string, "."])
                .succeed()
            let content = try FileSystem.read(folder("layer"))
            try FileSystem.write(Array(content[..<(content.count / 2)]), to: folder("half"))
            let error = #expect(throws: Failure.self) {
                _ = try LayerReader(File(folder("half"), .read)).finish()
            }
            #expect(error?.description.hasPrefix("cannot read \(folder("half")): ") == true)
        }
    }
}
