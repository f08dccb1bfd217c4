import Archive
import CLinux
import POSIX
import SystemPackage

/// Layers as we write them ourselves, and archives as others do, which the script puts beside them.
enum TarSeeds {
    static var all: [[UInt8]] {
        var seeds: [[UInt8]] = []
        let compressions: [LayerCompression] = [.none, .gzip(threads: 1), .zstd(threads: 1)]
        for compression in compressions {
            guard let layer = try? layer(compression) else { continue }
            for reader in 0..<4 { seeds.append(Array("\(reader)".utf8) + layer) }
        }
        return seeds
    }

    private static func layer(_ compression: LayerCompression) throws -> [UInt8] {
        let path = FilePath("/dev/shm/caasctl-fuzz-seed-\(getpid())")
        defer { try? FileSystem.remove(path) }
        var writer = try LayerWriter(writingTo: try File(path, .replace(mode: 0o600)), compression: compression)
        let digest = String(repeating: "0123456789abcdef", count: 4)
        let long = String(repeating: "long/", count: 40)
        try writer.append(ArchiveEntry(.directory, path: Array("a".utf8), mode: 0o755))
        try append("a/b", "content", &writer, attributes: ["user.x": [1, 2]])
        try append("\(long)name", "", &writer)
        try append("a/.wh.c", "", &writer)
        try append("a/.wh..wh..opq", "", &writer)
        try append("index.json", #"{"schemaVersion":2,"manifests":[]}"#, &writer)
        try append("manifest.json", #"[{"Config":"a/b","RepoTags":["a:b"],"Layers":["a/d"]}]"#, &writer)
        try append("blobs/sha256/\(digest)", "{}", &writer)
        try writer.append(ArchiveEntry(.hardLink, path: Array("a/d".utf8), target: Array("a/b".utf8), mode: 0o644))
        try writer.append(ArchiveEntry(.symbolicLink, path: Array("l".utf8), target: Array("../a".utf8), mode: 0o777))
        try writer.append(ArchiveEntry(.fifo, path: Array("l/f".utf8), mode: 0o600))
        _ = try writer.finish()
        return try FileSystem.read(path)
    }

    private static func append(
        _ path: String, _ content: String, _ writer: inout LayerWriter, attributes: [String: [UInt8]] = [:]
    ) throws {
        let content = Array(content.utf8)
        try writer.append(
            ArchiveEntry(
                .regular, path: Array(path.utf8), mode: 0o644, size: Int64(content.count), modified: 1,
                extendedAttributes: attributes), content: content)
    }
}
