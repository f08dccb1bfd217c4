import Archive
import Hashing
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct CompressionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let compressions: [LayerCompression] = [
        .none, .gzip(level: 0, threads: 1), .gzip(level: 1, threads: 1), .gzip(level: 2, threads: 1),
        .gzipPortable(level: 1, threads: 1), .gzipPortable(level: 9, threads: 1), .zstd(level: 1, threads: 1),
        .zstd(threads: 1), .zstd(level: 9, threads: 1),
    ]

    /// Returns a tree derived from a seed: names, lengths around the block borders, and contents from noise to zeros.
    private static func entries(seed: UInt64) -> [(ArchiveEntry, [UInt8])] {
        var random = SeededGenerator(seed: seed)
        return (0..<Int.random(in: 4...10, using: &random)).map { number in
            let border = [0, 1, 512, 65_536, 1 << 20, (1 << 20) - 512][Int.random(in: 0..<6, using: &random)]
            let length = max(0, border + Int.random(in: -2...700, using: &random))
            let bits = Int.random(in: 0...8, using: &random)
            let content = random.bytes(length, bits: bits)
            return (ArchiveEntry(.regular, path: Array("dir/\(number)".utf8), mode: 0o644), content)
        }
    }

    private func write(
        _ entries: [(ArchiveEntry, [UInt8])], _ compression: LayerCompression, chunk: Int = .max
    ) throws -> WrittenLayer {
        var writer = try LayerWriter(
            writingTo: File(folder("layer"), .replace(mode: 0o644)), compression: compression)
        for (entry, content) in entries {
            var entry = entry
            entry.size = Int64(content.count)
            var left = content[...]
            try writer.append(entry) { (buffer) in
                let part = left.prefix(min(buffer.count, chunk))
                part.withUnsafeBytes { buffer.copyMemory(from: $0) }
                left = left.dropFirst(part.count)
                return part.count
            }
        }
        return try writer.finish()
    }

    @Test(arguments: 1...3) func `bytes depend on entries alone, not on threads or on how they are read`(
        seed: Int
    ) throws {
        let entries = Self.entries(seed: UInt64(seed))
        var tars: Set<[UInt8]> = []
        for compression in Self.compressions {
            let layers = try [(1, Int.max), (2, 77_777), (64, 4096)].map { threads, chunk in
                try write(entries, compression.with(threads: threads), chunk: chunk)
            }
            #expect(Set(layers).count == 1, "\(compression.name)")
            for layer in layers { tars.insert(layer.diffID) }
        }
        #expect(tars.count == 1)
    }

    @Test(arguments: compressions) func `other programs and we unpack it, and its digests are right`(
        compression: LayerCompression
    ) async throws {
        let entries = Self.entries(seed: 42)
        let layer = try write(entries, compression.with(threads: 2))
        let blob = try FileSystem.read(folder("layer"))
        #expect(SHA256.hash(blob) == layer.digest)
        #expect(layer.size == Int64(blob.count))
        let program =
            switch compression {
            case .none: "cat"
            case .gzip, .gzipPortable: "gzip -dc"
            case .zstd: "zstd -dc"
            }
        let sum = try await Command("sh", ["-c", "\(program) < \(folder("layer")) | sha256sum"]).succeed()
        #expect(sum == "\(layer.diffID.hexadecimal)  -")
        var reader = try LayerReader(File(folder("layer"), .read))
        for (expected, content) in entries {
            let entry = try reader.next()
            #expect(entry?.path == expected.path)
            #expect(try reader.content(limit: 4 << 20) == content)
        }
        let digests = try reader.finish()
        #expect(digests.diffID == layer.diffID)
        #expect(digests.digest == layer.digest)
    }

    @Test(arguments: compressions) func `a compression's name is read back`(compression: LayerCompression) {
        #expect(LayerCompression(name: compression.name, threads: 1) == compression)
    }

    @Test(arguments: ["", "gzip", "gzip x", "none 1", "zstd", "lz4 1"]) func `no other name is`(name: String) {
        #expect(LayerCompression(name: name, threads: 1) == nil)
    }

    @Test(arguments: [
        (LayerCompression.gzip(level: 3, threads: 1), "gzip 3: the levels are 0 to 2"),
        (.gzipPortable(level: 0, threads: 1), "gzip portable 0: the levels are 1 to 9"),
        (.zstd(level: 20, threads: 1), "zstd 20: the levels are 1 to 19"),
    ])
    func `a level that there is not is refused`(compression: LayerCompression, message: String) throws {
        let error = #expect(throws: Failure.self) { _ = try write([], compression) }
        #expect(error?.description == "cannot compress a layer with \(message)")
    }

    @Test func `higher levels give smaller layers`() throws {
        let text = Array(String(repeating: "the quick brown fox jumps over the lazy dog 0123456789\n", count: 20).utf8)
        var random = SeededGenerator(seed: 7)
        let content = (0..<2000).flatMap { _ in text.prefix(Int.random(in: 5...900, using: &random)) }
        let entries = [(ArchiveEntry(.regular, path: Array("a".utf8), mode: 0o644), content)]
        let portable = try [1, 6, 9].map { try write(entries, .gzipPortable(level: $0, threads: 1)).size }
        #expect(portable == portable.sorted(by: >))
        let zstd = try [1, 19].map { try write(entries, .zstd(level: $0, threads: 1)).size }
        #expect(zstd == zstd.sorted(by: >))
    }
}
