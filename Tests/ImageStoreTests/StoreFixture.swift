import Archive
import Hashing
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport

/// A store in its own folder, for images of tars that other programs made.
struct StoreFixture {
    let folder: TemporaryFolder
    let store: ImageStore

    init() throws {
        folder = try TemporaryFolder()
        store = try ImageStore(at: folder("store"))
    }

    /// Creates a tar with Python's tarfile, which does not validate entries; the script calls `add(name, type, …)`.
    func tar(_ name: String, _ script: String) async throws -> FilePath {
        let prelude = """
            import io, sys, tarfile
            tar = tarfile.open(sys.argv[1], "w")
            def add(name, type=tarfile.REGTYPE, content=b"", link="", mode=0o644, uid=0, mtime=7):
                entry = tarfile.TarInfo(name)
                entry.type, entry.size, entry.linkname = type, len(content), link
                entry.mode, entry.uid, entry.mtime = mode, uid, mtime
                tar.addfile(entry, io.BytesIO(content))
            DIR, LINK, HARD, FIFO, CHR = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE

            """
        try await Command("python3", ["-c", prelude + script + "\ntar.close()", folder(name).string]).succeed()
        return folder(name)
    }

    /// Creates an image of uncompressed tars, the lowest first.
    func image(_ tars: [FilePath], diffIDs: [Digest]? = nil) throws -> StoredImage {
        var config = ImageConfig(platform: .current)
        var layers: [Descriptor] = []
        for (index, tar) in tars.enumerated() {
            let layer = try store.add(try FileSystem.read(tar), mediaType: .layer)
            layers.append(layer)
            config.append(layer: diffIDs?[index] ?? layer.digest, createdBy: "test", created: "1970-01-01T00:00:00Z")
        }
        let configDescriptor = try store.add(config.json.encoded(), mediaType: .imageConfig)
        let manifest = ImageManifest(config: configDescriptor, layers: layers)
        return try store.image(try store.add(manifest.json.encoded(), mediaType: .imageManifest))
    }

    /// Unpacks an image and lists the type, mode, path and target or content of every file.
    func unpack(_ image: StoredImage, limits: ImageUnpacker.Limits = .init()) throws -> [String] {
        let root = folder("root")
        try FileSystem.makeFolder(root)
        try ImageUnpacker(store: store, keepingOwners: false, limits: limits).unpack(image, into: root)
        return try list(root, below: "")
    }

    private func list(_ path: FilePath, below prefix: String) throws -> [String] {
        var lines: [String] = []
        for name in try FileSystem.names(in: path) {
            let child = path.appending(name)
            let status = try FileStatus(child)
            let mode = String(status.mode, radix: 8)
            switch status.kind {
            case .directory:
                lines.append("d \(mode) \(prefix)\(name)")
                lines += try list(child, below: "\(prefix)\(name)/")
            case .symbolicLink: lines.append("l \(prefix)\(name) -> \(try FileSystem.readLink(child))")
            case .fifo: lines.append("p \(mode) \(prefix)\(name)")
            default:
                let content = String(decoding: try FileSystem.read(child), as: UTF8.self)
                lines.append("- \(mode) \(prefix)\(name)\(status.links > 1 ? " x\(status.links)" : "") \(content)")
            }
        }
        return lines
    }

    /// Lists the contents of an image in the format of ``unpack(_:limits:)``.
    func list(_ contents: ImageContents) throws -> [String] {
        var links: [ImageFile.Identity: Int] = [:]
        var texts: [ImageFile.Identity: String] = [:]
        var files: [ImageFile] = []
        contents.root.forEachDescendant { files.append($0) }
        for identity in files.compactMap(\.identity) { links[identity, default: 0] += 1 }
        try contents.read(files) { (file, read) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
            defer { buffer.deallocate() }
            let count = try read(buffer)
            if let identity = file.identity { texts[identity] = String(decoding: buffer[..<count], as: UTF8.self) }
        }
        return files.map { file in
            let path = String(decoding: file.path, as: UTF8.self)
            let mode = String(file.mode, radix: 8)
            let count = file.identity.flatMap { links[$0] } ?? 1
            return switch file.kind {
            case .directory: "d \(mode) \(path)"
            case .symbolicLink: "l \(path) -> \(String(decoding: file.target, as: UTF8.self))"
            case .fifo: "p \(mode) \(path)"
            default: "- \(mode) \(path)\(count > 1 ? " x\(count)" : "") \(file.identity.flatMap { texts[$0] } ?? "")"
            }
        }
    }
}
