import ImageStore
import JSON
import OCI

/// The manifests and blobs of an image in a store, each once.
struct PushContent: Sendable {
    /// The manifests; children come before the indexes that list them.
    private(set) var manifests: [FetchedManifest] = []
    private(set) var layers: [Descriptor] = []
    private(set) var configs: [Descriptor] = []

    var blobs: [Descriptor] { layers + configs }

    init(of image: Descriptor, in store: ImageStore) throws(RegistryError) {
        var seen: Set<Digest> = []
        var walk = ManifestWalk { (_, reason) in RegistryError(.unsuitable, reason) }
        try walk.visit(image) { (descriptor) throws(RegistryError) in
            let manifest = try Self.read(descriptor, store)
            guard !descriptor.mediaType.isIndex else {
                return (
                    manifest, try manifest.decoded { (json) in try ImageIndex(json: json).manifests }
                )
            }
            let image = try manifest.decoded { (json) in try ImageManifest(json: json) }
            for layer in image.layers where !layer.mediaType.isForeign && seen.insert(layer.digest).inserted {
                layers.append(layer)
            }
            if seen.insert(image.config.digest).inserted { configs.append(image.config) }
            return (manifest, [])
        } leave: { _, manifest in
            manifests.append(manifest)
        }
        layers = Self.ordered(layers)
    }

    /// Orders blobs for a push.
    ///
    /// Small blobs go first, so that no big one delays them. Big ones go in descending size, which finishes soonest.
    private static func ordered(_ blobs: [Descriptor]) -> [Descriptor] {
        let (small, big) = (blobs.filter { $0.size <= 8 << 20 }, blobs.filter { $0.size > 8 << 20 })
        return small.sorted { $0.size < $1.size } + big.sorted { $0.size > $1.size }
    }

    private static func read(_ descriptor: Descriptor, _ store: ImageStore) throws(RegistryError) -> FetchedManifest {
        let limit = RegistryClient.manifestLimit
        guard descriptor.size <= limit else {
            throw RegistryError(
                .unsuitable, "manifest \(descriptor.digest) has \(descriptor.size) bytes, and registries take \(limit)")
        }
        let content: [UInt8]
        do { content = try store.read(descriptor, limit: limit) } catch { throw RegistryError(.local, "\(error)") }
        guard let json = try? JSONValue(parsing: content) else {
            throw RegistryError(.unsuitable, "the store's manifest \(descriptor.digest) is no JSON")
        }
        return FetchedManifest(descriptor: descriptor, content: content, json: json)
    }
}

extension MediaType {
    /// True for a layer whose licence forbids redistribution.
    ///
    /// Such a layer has its own URLs and is not pushed.
    /// Source: <https://github.com/opencontainers/image-spec/blob/main/layer.md#non-distributable-layers>.
    var isForeign: Bool { description.contains("nondistributable") || description.contains("rootfs.foreign") }
}
