import Archive
import ImageStore
import OCI
import POSIX
import SystemPackage
import Wording

/// Verification of layers, each of which is read completely.
extension ImageVerifier {
    mutating func verifyLayers(_ manifest: ImageManifest, _ diffIDs: [Digest]?) {
        var names = LayerNames()
        var isComplete = true
        for (number, layer) in manifest.layers.enumerated() {
            let thing = "layer \(layer.digest)"
            let type = layer.mediaType.description
            if type.contains("nondistributable") || type.contains("rootfs.foreign") {
                findings.warning(thing, "its type '\(type)' forbids to hand it on, and is deprecated")
                if !image.contains(layer) { isComplete = false; continue }
            }
            // Smaller layers take too little time to report.
            if layer.size > 16 << 20 { report("layer \(number + 1) of \(manifest.layers.count)") }
            guard let diffID = verifyLayer(layer, thing, &names) else {
                isComplete = false
                continue
            }
            if let diffIDs, diffIDs[number] != diffID {
                findings.problem(thing, "its tar has the digest \(diffID), and the config says \(diffIDs[number])")
            }
        }
        if isComplete { verifyTogether(manifest) }
    }

    /// Checks what only all layers together show, such as a hard link to a file that a lower layer removed.
    private mutating func verifyTogether(_ manifest: ImageManifest) {
        guard !findings.hasProblems else { return }
        let places = manifest.layers.compactMap { layer in image.path(of: layer.digest).map { (layer, $0) } }
        do { _ = try ImageContents(layers: places, listings: listings) } catch {
            findings.problem("layers", "\(error)")
        }
    }

    /// Verifies one layer, and returns the digest of its uncompressed tar; nil if it is missing or unreadable.
    private mutating func verifyLayer(_ layer: Descriptor, _ thing: String, _ names: inout LayerNames) -> Digest? {
        guard let path = image.path(of: layer.digest), FileSystem.exists(path) else {
            findings.problem(thing, "it is missing")
            return nil
        }
        verifyCompression(layer, path, thing)
        names.beginLayer()
        do {
            let file: File
            do throws(POSIXError) { file = try File(path, .read) } catch {
                throw Failure("read \(path)", error.errno.description)
            }
            let size = (try? file.status())?.size ?? 0
            var reader = try LayerReader(file)
            while let entry = try reader.next() {
                entries += 1
                names.note(entry, thing, &findings)
            }
            let digests = try reader.finish()
            layers += 1
            bytes += size
            _ = check(layer, size: size, digest: Digest(sha256: digests.digest), thing)
            names.finishLayer(thing, &findings)
            return Digest(sha256: digests.diffID)
        } catch {
            findings.problem(thing, "\(error)")
            return nil
        }
    }

    private mutating func verifyCompression(_ layer: Descriptor, _ path: FilePath, _ thing: String) {
        let types: [MediaType: LayerMagic] = [
            .layer: .none, .layerGzip: .gzip, .layerZstd: .zstd, .dockerLayerGzip: .gzip,
            MediaType("application/vnd.docker.image.rootfs.diff.tar"): .none,
            MediaType("application/vnd.docker.image.rootfs.diff.tar.zstd"): .zstd,
        ]
        guard let actual = LayerMagic(of: path) else { return }
        guard let wanted = types[layer.mediaType] else {
            let type = layer.mediaType.description
            if !type.contains("nondistributable"), !type.contains("rootfs.foreign") {
                findings.problem(thing, "its type '\(type)' is no layer's")
            }
            return
        }
        if actual != wanted {
            findings.problem(thing, "its type is '\(layer.mediaType)', and it is \(actual.rawValue)")
        }
    }
}

/// A layer's compression, by its first bytes.
enum LayerMagic: String {
    case none = "not compressed"
    case gzip
    case zstd

    init?(of path: FilePath) {
        guard let file = try? File(path, .read) else { return nil }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 4)
        defer { buffer.deallocate() }
        guard let count = try? file.read(into: buffer) else { return nil }
        let first = Array(buffer[..<count])
        self = first.starts(with: [0x1F, 0x8B]) ? .gzip : first == [0x28, 0xB5, 0x2F, 0xFD] ? .zstd : .none
    }
}
