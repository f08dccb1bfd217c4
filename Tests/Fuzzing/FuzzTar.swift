import Archive
import CLinux
import Hashing
import OCI
import POSIX
import SystemPackage

@testable import DockerfileBuild
@testable import ImageLayers
@testable import Definitions
@testable import ImageStore

/// Layers, layouts and archives, compressed or not.
extension FuzzedParser {
    static let tar = FuzzedParser(
        name: "tar",
        seeds: { TarSeeds.all },
        words: [
            "ustar\u{0}00", "ustar  \u{0}", "././@LongLink", "././@PaxHeader", "30 mtime=1350244992.023960108\n",
            "11 path=a\n", "16 linkpath=bcd\n", "21 size=18446744073709\n", "30 SCHILY.xattr.user.a=bcdefg\n",
            "22 GNU.sparse.major=1\n", "22 GNU.sparse.minor=0\n", "26 SCHILY.acl.access=u::rwx\n", ".wh.",
            ".wh..wh..opq",
            "../", "/", "./", "index.json", "manifest.json", "oci-layout", "blobs/sha256/", "\\x1f\\x8b\\x08",
        ]
    ) { bytes in
        guard let input = Input(bytes, readers: 4) else { return }
        let content = withSums(input.bytes)
        let path = file(content)
        defer { try? FileSystem.remove(path) }
        switch input.reader {
        case 0: readLayer(content, path)
        case 1: readArchive(path)
        case 2:
            _ = try? LayoutImage(LayoutArchive(path, action: "read"), action: "read").documents(tag: nil, platform: nil)
        default: _ = try? DockerArchive(path, action: "read")
        }
    }

    /// A file in memory, since layers are found by their names.
    private static func file(_ content: [UInt8]) -> FilePath {
        let path = FilePath("/dev/shm/caasctl-fuzz-\(getpid())")
        do throws(POSIXError) { try File(path, .replace(mode: 0o600)).write(content) } catch {
            fatalError("cannot write \(path): \(error)")
        }
        return path
    }

    private static func readLayer(_ content: [UInt8], _ path: FilePath) {
        let layer = Descriptor(mediaType: .layer, digest: Digest(of: content), size: Int64(content.count))
        // Twice, so that there is something for whiteouts and links.
        let contents = try? ImageContents(layers: [(layer, path), (layer, path)], listings: "/dev/null/listings")
        if let contents {
            var open = [contents.root]
            var count = 0
            while let file = open.popLast() {
                count += 1
                open += file.children
                _ = try? contents.resolve(file.path)
            }
            expect(count == contents.count + 1, "a folder is in two places")
        }
        guard let opened = try? File(path, .read), var reader = try? LayerReader(opened) else { return }
        while let entry = try? reader.next() {
            _ = try? EntryPath(entry.path).whiteout()
            _ = try? EntryPath(entry.target)
            _ = try? reader.content(limit: 1 << 20)
        }
        guard let digests = try? reader.finish() else { return }
        expect(Digest(sha256: digests.digest) == layer.digest, "a layer that was read has another digest")
    }

    private static func readArchive(_ path: FilePath) {
        var layer = ImageDefinition.ArchiveLayer(from: path, into: "/a", isPrivileged: false)
        layer.limit = 1 << 30
        _ = try? ArchiveSurvey(layer, size: 1, action: "read")
        _ = try? TarFile.isTar(path)
        guard let opened = try? File(path, .read), var reader = try? ArchiveReader(opened) else { return }
        while let entry = try? reader.next() {
            if let path = try? ArchivePath(entry.path, in: "read") { _ = path.folders }
            _ = try? reader.content(limit: 1 << 20)
        }
    }

    /// The bytes with the right sum in each block that looks like a header, which no change by chance would hit.
    private static func withSums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for start in stride(from: 0, through: bytes.count - 512, by: 512)
        where bytes[start + 257..<start + 262].elementsEqual("ustar".utf8) {
            bytes.replaceSubrange(start + 148..<start + 156, with: repeatElement(0x20, count: 8))
            let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
            let digits = String(sum, radix: 8)
            let text = String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits + "\0 "
            bytes.replaceSubrange(start + 148..<start + 156, with: text.utf8.prefix(8))
        }
        return bytes
    }
}
