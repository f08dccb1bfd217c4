import JSON
import OCI
import Wording

/// Finds an image in an OCI layout, and reads and verifies its documents.
struct LayoutImage {
    private let content: any LayoutContent
    private let action: String

    init(_ content: any LayoutContent, action: String) {
        self.content = content
        self.action = action
    }

    func find(tag: String?, platform: Platform) throws -> StoredImage {
        var descriptor = try choose(tag: tag, platform: platform)
        var bytes = try verified(descriptor)
        // Some tools put the index of the platforms into another index.
        for _ in 0..<4 where descriptor.mediaType.isIndex {
            let index = try read(bytes, "index \(descriptor.digest)") { (json) in
                try ImageIndex(json: json)
            }
            guard let child = index.manifest(for: platform) ?? index.manifests.first(where: \.mediaType.isIndex) else {
                let offered = index.manifests.compactMap(\.platform).filter { $0.os != "unknown" }
                throw Failure(
                    action,
                    "it is not for \(platform), only for \(offered.map(\.description).joined(separator: ", "))")
            }
            descriptor = child
            bytes = try verified(child)
        }
        let manifest = try read(bytes, "manifest \(descriptor.digest)") { (json) in
            try ImageManifest(json: json)
        }
        let config = try read(try verified(manifest.config), "config \(manifest.config.digest)") {
            (json) in try ImageConfig(json: json)
        }
        return StoredImage(descriptor: descriptor, manifestContent: bytes, manifest: manifest, config: config)
    }

    /// The manifests and configs of an image, with the descriptors of its layers.
    struct Documents {
        let descriptor: Descriptor
        /// The documents; each comes after those that it refers to.
        var documents: [(mediaType: MediaType, content: [UInt8])] = []
        var layers: [Descriptor] = []
    }

    /// Returns the documents of an image for one platform, or for everything that its index lists.
    func documents(tag: String?, platform: Platform?) throws -> Documents {
        let top =
            if let platform { try find(tag: tag, platform: platform).descriptor } else {
                try choose(tag: tag, platform: .current)
            }
        var found = Documents(descriptor: top)
        var seen: Set<Digest> = []
        var walk = ManifestWalk<any Error> { [action] (_, reason) in Failure(action, reason) }
        try walk.visit(top) { (descriptor) in
            let bytes = try verified(descriptor)
            guard !descriptor.mediaType.isIndex else {
                let index = try read(bytes, "index \(descriptor.digest)") { (json) in
                    try ImageIndex(json: json)
                }
                return (bytes, index.manifests)
            }
            let manifest = try read(bytes, "manifest \(descriptor.digest)") { (json) in
                try ImageManifest(json: json)
            }
            found.documents.append((manifest.config.mediaType, try verified(manifest.config)))
            for layer in manifest.layers where seen.insert(layer.digest).inserted { found.layers.append(layer) }
            return (bytes, [])
        } leave: { descriptor, bytes in
            found.documents.append((descriptor.mediaType, bytes))
        }
        return found
    }

    /// Returns the entry of `index.json` with the tag, or the only entry, or the only one for the platform.
    private func choose(tag: String?, platform: Platform) throws -> Descriptor {
        let index = try read(try content.index(), "index.json") { (json) in
            try ImageIndex(json: json)
        }
        let named = index.manifests.filter { tag == nil || Self.names($0).contains(tag ?? "") }
        if named.count == 1 { return named[0] }
        let fitting = named.filter { $0.platform?.matches(platform) ?? false }
        if fitting.count == 1 { return fitting[0] }
        let tags = Set(index.manifests.compactMap { $0.annotations[Layout.referenceName] }).sorted()
        let known = tags.isEmpty ? "" : "; its tags are \(tags.joined(separator: ", "))"
        guard let tag else {
            let problem = index.manifests.isEmpty ? "it holds no image" : "it holds several images, so name a tag"
            throw Failure(action, problem + known)
        }
        let problem = named.isEmpty ? "it has no tag '\(tag)'" : "several images have the tag '\(tag)'"
        throw Failure(action, problem + known)
    }

    private static func names(_ entry: Descriptor) -> [String] {
        let name = entry.annotations[Layout.containerdName]
        return [entry.annotations[Layout.referenceName], name, name.map { Layout.tag(of: $0) }].compactMap(\.self)
    }

    private func verified(_ blob: Descriptor) throws -> [UInt8] {
        guard blob.size <= LayoutArchive.largestDocument else {
            throw Failure(action, "blob \(blob.digest) is too long for a manifest or a config")
        }
        let bytes = try content.document(blob)
        let digest = Digest(of: bytes)
        guard digest == blob.digest else {
            throw Failure(action, "the content of blob \(blob.digest) has the digest \(digest)")
        }
        return bytes
    }

    private func read<Value>(_ bytes: [UInt8], _ thing: String, _ body: (JSONValue) throws -> Value) throws -> Value {
        do { return try body(try JSONValue(parsing: bytes)) } catch {
            throw Failure(action, "\(thing): \(Failure.reason(of: error))")
        }
    }
}
