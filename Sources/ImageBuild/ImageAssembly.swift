package import ImageLayers
package import ImageStore
import JSON
package import OCI
import Timestamps

/// An image for one platform under construction: its base, the layers so far, and the config.
package struct ImageAssembly {
    package let base: BaseImage?
    private let platform: Platform
    private let created: String
    private var built: [BuiltLayer] = []
    package var config: ImageConfig

    package init(base: BaseImage?, platform: Platform, epoch: Int64) {
        self.base = base
        self.platform = platform
        created = Timestamp(seconds: Int(epoch)).rfc3339
        config = base?.config ?? ImageConfig(platform: platform)
        config.created = created
        config.alignHistory(created: created)
        // Layers for a newer processor variant make the image require that variant, whatever the base requires.
        if let variant = platform.variant { config.setVariant(variant) }
    }

    mutating func append(_ layer: BuiltLayer) {
        built.append(layer)
        config.append(layer: layer.diffID, createdBy: "caasctl build: \(layer.createdBy)", created: created)
    }

    /// Adds a layer whose history entry is a Dockerfile instruction, worded as docker words it.
    package mutating func append(_ layer: BuiltLayer, _ instruction: String) {
        built.append(layer)
        config.append(layer: layer.diffID, createdBy: instruction, created: created)
    }

    /// Adds a history entry for an instruction that made no layer.
    package mutating func note(_ instruction: String) { config.appendHistory(createdBy: instruction, created: created) }

    /// All layers including the base's, the lowest first.
    package var layers: [BuiltLayer] {
        let name = base?.name ?? "base"
        let below = zip(base?.layers ?? [], base?.config.diffIDs ?? []).map { descriptor, diffID in
            BuiltLayer(descriptor: descriptor, diffID: diffID, createdBy: name)
        }
        return below + built
    }

    /// Writes the config and the manifest; the manifest comes last, so an image that the store lists is complete.
    package func store(in store: ImageStore, annotations: [String: String]) throws -> PlatformImage {
        var known: [String: String] = [:]
        if let base {
            known = base.annotations(of: base.digest)
            if let source = base.source {
                for layer in base.layers { try store.remember(source, of: layer.digest) }
            }
        }
        let config = try store.add(config.json.encoded(), mediaType: .imageConfig)
        let manifest = ImageManifest(
            config: config, layers: (base?.layers ?? []) + built.map(\.descriptor),
            annotations: known.merging(annotations) { $1 })
        var descriptor = try store.add(manifest.json.encoded(), mediaType: .imageManifest)
        descriptor.platform = platform
        return PlatformImage(descriptor: descriptor, platform: platform, layers: built, base: base)
    }
}

extension BaseImage {
    /// Returns the annotations that tell other tools which base an image was made from.
    ///
    /// Source: <https://github.com/opencontainers/image-spec/blob/main/annotations.md>.
    func annotations(of digest: Digest?) -> [String: String] {
        var annotations: [String: String] = [:]
        annotations["org.opencontainers.image.base.name"] = name
        annotations["org.opencontainers.image.base.digest"] = digest?.description
        return annotations
    }
}
