import Archive
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct SparseFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ size: Int64, _ extents: [Range<Int64>], to name: String) throws -> WrittenLayer {
        var writer = try LayerWriter(
            writingTo: File(folder(name), .replace(mode: 0o644)), compression: .gzip(threads: 2))
        let entry = ArchiveEntry(.regular, path: Array("sparse".utf8), mode: 0o644, size: size)
        try writer.append(entry, extents: extents) { (buffer, offset) in
            // Short reads, as read(2) may return them.
            let count = min(buffer.count, 70_000)
            for index in 0..<count { buffer[index] = Self.byte(at: offset + Int64(index)) }
            return count
        }
        return try writer.finish()
    }

    private static func byte(at offset: Int64) -> UInt8 { UInt8(truncatingIfNeeded: offset % 251 + 1) }

    @Test(
        arguments: [
            (0, []), (1, []), (5 << 20, []), (5 << 20, [0..<5 << 20]), (3 << 20, [1..<2]),
            ((4 << 20) + 77, [512..<1024, 1 << 20..<(1 << 20) + 1, (4 << 20) + 70..<(4 << 20) + 77]),
        ] as [(Int64, [Range<Int64>])])
    func `holes are zeros, as if the file had none`(size: Int64, extents: [Range<Int64>]) throws {
        let sparse = try write(size, extents, to: "sparse")
        var content = [UInt8](repeating: 0, count: Int(size))
        for extent in extents { for offset in extent { content[Int(offset)] = Self.byte(at: offset) } }
        var writer = try LayerWriter(
            writingTo: File(folder("whole"), .replace(mode: 0o644)), compression: .gzip(threads: 1))
        try writer.append(ArchiveEntry(.regular, path: Array("sparse".utf8), mode: 0o644), content: content)
        #expect(try writer.finish() == sparse)
    }

    @Test(arguments: [[5..<11], [3..<5, 4..<6]] as [[Range<Int64>]])
    func `extents beyond the file or over each other are refused`(extents: [Range<Int64>]) throws {
        let error = #expect(throws: Failure.self) { _ = try write(10, extents, to: "layer") }
        #expect(error?.description == "cannot write sparse to a layer: its content changed while it was read")
    }

    /// More than the 8 GiB that a tar header's own size field can express.
    @Test func `a file of 9 GB with two extents costs little but its digest`() async throws {
        let size: Int64 = 9 << 30
        let layer = try write(size, [0..<100, size - 5..<size], to: "layer")
        #expect(layer.tarSize > size)
        #expect(layer.size < 64 << 20)
        let python = """
            import sys, tarfile
            with tarfile.open(sys.argv[1], "r|gz") as tar: print(tar.next().size)
            """
        #expect(try await Command("python3", ["-c", python, folder("layer").string]).succeed() == "\(size)")
        var reader = try LayerReader(File(folder("layer"), .read))
        let entry = try reader.next()
        #expect(entry?.size == size)
    }

    /// An entry as GNU tar writes it; a layer made from it contains the zeros.
    @Test func `a sparse entry of another tar is read with its zeros`() async throws {
        try await Command(
            "sh",
            [
                "-c",
                "truncate -s 5M \(folder("s")) && printf end >> \(folder("s")) && "
                    + "tar --format=pax --sparse -C \(folder("")) -cf \(folder("layer")) s",
            ]
        ).succeed()
        var reader = try ArchiveReader(File(folder("layer"), .read))
        let entry = try reader.next()
        #expect(entry?.size == 5_242_883)
        let content = try reader.content(limit: 6 << 20)
        #expect(content == [UInt8](repeating: 0, count: 5 << 20) + Array("end".utf8))
    }
}
