import ImageStore
import JSON
public import OCI
import Timestamps

/// An image that is being put together: what it stands on, its layers so far, its config.
struct ImageAssembly {
    private let base: BaseImage?
    private let created: String
    private var built: [BuiltLayer] = []
    var config: ImageConfig

    init(base: BaseImage?, platform: Platform, epoch: Int64) {
        self.base = base
        created = Timestamp(seconds: Int(epoch)).rfc3339
        config = base?.config ?? ImageConfig(platform: platform)
        config.created = created
    }

    mutating func append(_ layer: BuiltLayer) {
        built.append(layer)
        config.append(layer: layer.diffID, createdBy: "caasctl build: \(layer.createdBy)", created: created)
    }

    /// Writes config and manifest, the manifest last: an image that the store names is whole.
    func store(in store: ImageStore, annotations: [String: String]) throws(ImageStoreError) -> BuiltImage {
        var annotations = annotations
        if let base {
            // Other tools find by these what an image was made from. https://github.com/opencontainers/image-spec/blob/main/annotations.md
            annotations["org.opencontainers.image.base.name"] = base.name
            annotations["org.opencontainers.image.base.digest"] = base.reference.digest?.description
            for layer in base.layers { try store.remember(base.source, of: layer.digest) }
        }
        let config = try store.add(config.json.encoded(), mediaType: .imageConfig)
        let manifest = ImageManifest(
            config: config, layers: (base?.layers ?? []) + built.map(\.descriptor), annotations: annotations)
        let descriptor = try store.add(manifest.json.encoded(), mediaType: .imageManifest)
        return BuiltImage(descriptor: descriptor, layers: built, baseLayers: base?.layers ?? [])
    }
}

/// An image that was built, in the store.
public struct BuiltImage: Sendable {
    /// The manifest.
    public let descriptor: Descriptor
    /// The layers that the build made, the lowest first.
    public let layers: [BuiltLayer]
    /// The base's layers below them, which need not be in the store.
    public let baseLayers: [Descriptor]
}
