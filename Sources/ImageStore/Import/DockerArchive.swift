import Archive
import ByteText
import Hashing
import JSON
import OCI
import POSIX
import SystemPackage
import Wording

/// A tar written by `docker save`: a config with its layers as tars, which become an OCI image.
///
/// The config's bytes stay unchanged, and so does the image ID in docker. The tar is read twice, since `manifest.json`
/// may come after the files that it lists.
/// Source: <https://github.com/moby/docker-image-spec/blob/main/spec.md>.
struct DockerArchive {
    private struct Image {
        let config: String
        let names: [String]
        let layers: [String]
    }

    private let file: FilePath
    private let action: String
    private var images: [Image] = []
    /// The targets of links by name: older versions of docker store equal layers once and link to them.
    private var links: [ExactText: String] = [:]

    /// Opens an archive; returns nil if it holds an OCI layout, which has more information.
    init?(_ file: FilePath, action: String) throws {
        self.file = file
        self.action = action
        var manifest: [UInt8]?
        var reader = try LayerReader(at: file)
        while let entry = try reader.next() {
            let name = Self.normal(entry.name)
            switch entry.kind {
            case .regular where name == "index.json": return nil
            case .regular where name == "manifest.json":
                manifest = try reader.content(limit: LayoutArchive.largestDocument)
            case .symbolicLink, .hardLink:
                let target = String(decoding: entry.target, as: UTF8.self)
                let folder = entry.kind == .hardLink ? "" : name.split(byte: "/").dropLast().joined(separator: "/")
                links[ExactText(name)] = Self.normal("\(folder)/\(target)")
            default: continue
            }
        }
        guard let manifest else { throw Failure(action, "it has no manifest.json, so docker has not saved it") }
        do throws(JSONError) {
            for image in try JSONValue(parsing: manifest).array ?? [] {
                images.append(
                    Image(
                        config: Self.normal(try image.text("Config")), names: try image.texts("RepoTags"),
                        layers: try image.texts("Layers").map(Self.normal)))
            }
        } catch { throw Failure(action, "manifest.json: \(error.reason)") }
    }

    /// Adds an image to the store.
    ///
    /// `tag` is a tag or a whole name; it is required if the archive has several images.
    func add(to store: ImageStore, tag: String?) throws -> Descriptor {
        let image = try choose(tag)
        let names = Set(([image.config] + image.layers).map { ExactText(place($0)) })
        var blobs: [ExactText: Descriptor] = [:]
        var config: [UInt8]?
        var reader = try LayerReader(at: file)
        while let entry = try reader.next() {
            let name = ExactText(Self.normal(entry.name))
            guard entry.kind == .regular, names.contains(name), blobs[name] == nil else { continue }
            if name == ExactText(place(image.config)) {
                config = try reader.content(limit: LayoutArchive.largestDocument)
            } else {
                blobs[name] = try Self.store(&reader, in: store)
            }
        }
        guard let config else { throw Failure(action, "its config \(image.config) is not there") }
        let layers = try layers(of: image, blobs, config)
        let manifest = ImageManifest(config: try store.add(config, mediaType: .imageConfig), layers: layers)
        return try store.add(manifest.json.encoded(), mediaType: .imageManifest)
    }

    private func choose(_ tag: String?) throws -> Image {
        guard let tag else {
            guard images.count == 1 else {
                let names = images.flatMap(\.names).joined(separator: ", ")
                throw Failure(action, images.isEmpty ? "it holds no image" : "name one of its images: \(names)")
            }
            return images[0]
        }
        let matches = images.filter { image in
            image.names.contains {
                $0 == tag || (try? Reference($0)) == (try? Reference(tag)) || $0.hasSuffix(bytes: ":\(tag)")
            }
        }
        guard matches.count == 1 else {
            throw Failure(action, "\(matches.isEmpty ? "no image" : "more than one image") in it is called '\(tag)'")
        }
        return matches[0]
    }

    /// Returns the layers in order; an uncompressed one must match its diff ID in the config.
    private func layers(of image: Image, _ blobs: [ExactText: Descriptor], _ config: [UInt8]) throws -> [Descriptor] {
        let diffIDs: [Digest]
        do { diffIDs = try ImageConfig(json: try JSONValue(parsing: config)).diffIDs } catch {
            throw Failure(action, "its config: \(Failure.reason(of: error))")
        }
        guard diffIDs.count == image.layers.count else {
            throw Failure(action, "its config names \(diffIDs.count) layers, its manifest \(image.layers.count)")
        }
        var layers: [Descriptor] = []
        for (name, diffID) in zip(image.layers, diffIDs) {
            guard let layer = blobs[ExactText(place(name))] else {
                throw Failure(action, "its layer \(name) is not there")
            }
            guard layer.mediaType != .layer || layer.digest == diffID else {
                throw Failure(action, "its layer \(name) is \(layer.digest), and the config says \(diffID)")
            }
            layers.append(layer)
        }
        return layers
    }

    /// Returns the path of a name's content in the archive, following links.
    private func place(_ name: String) -> String {
        var name = name
        for _ in 0..<8 { if let target = links[ExactText(name)] { name = target } }
        return name
    }

    private static func store(_ reader: inout LayerReader, in store: ImageStore) throws -> Descriptor {
        let blob = try store.makeTemporaryBlob()
        let file = try blob.open()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var hash = SHA256()
        var size: Int64 = 0
        var beginning: [UInt8] = []
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { break }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            if size == 0 { beginning = Array(bytes.prefix(4)) }
            hash.update(bytes)
            try file.write(bytes)
            size += Int64(count)
        }
        let digest = Digest(sha256: hash.finish())
        try blob.keep(as: digest)
        return Descriptor(mediaType: type(of: beginning), digest: digest, size: size)
    }

    /// Returns the media type by the first bytes: some tools save layers compressed, as registries hold them.
    private static func type(of beginning: [UInt8]) -> MediaType {
        if beginning.starts(with: [0x1F, 0x8B]) { return .layerGzip }
        return beginning == [0x28, 0xB5, 0x2F, 0xFD] ? .layerZstd : .layer
    }

    /// Returns a path without `.`, `..` and doubled slashes.
    private static func normal(_ path: String) -> String {
        var names: [Substring] = []
        for name in path.split(byte: "/") where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return names.joined(separator: "/")
    }
}
