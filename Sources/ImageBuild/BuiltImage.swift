package import ImageLayers
package import ImageStore
package import JSON
package import OCI

/// An image for one platform in the store.
package struct PlatformImage: Sendable {
    /// The descriptor of the manifest, with the platform.
    package let descriptor: Descriptor
    package let platform: Platform
    /// The layers that the build made, the lowest first.
    package let layers: [BuiltLayer]
    let base: BaseImage?

    /// The base's layers below them, which may be missing from the store.
    package var baseLayers: [Descriptor] { base?.layers ?? [] }

    /// The digest and layers, for the build's JSON output.
    package var json: JSONValue {
        [
            "platform": .string(platform.description), "digest": .string(descriptor.digest.description),
            "layers": .array(layers.map(\.json)), "base_layers": .array(baseLayers.map(\.json)),
        ]
    }
}

/// An image for all of its platforms in the store.
package struct BuiltImage: Sendable {
    /// The descriptor of the only manifest, or of an index.
    package let descriptor: Descriptor
    /// The image for each platform, in the order of the index.
    package let images: [PlatformImage]

    /// Takes the image itself for a single platform, else writes an index of the images to the store.
    ///
    /// The oldest tools pick the first manifest that fits, so the index keeps the user's order.
    package init(joining images: [PlatformImage], annotations: [String: String], in store: ImageStore) throws {
        self.images = images
        if let image = images.first, images.count == 1 {
            descriptor = image.descriptor
            return
        }
        var known: [String: String] = [:]
        if let base = images.first?.base, images.allSatisfy({ $0.base?.name == base.name }) {
            known = base.annotations(of: base.index)
        }
        let index = ImageIndex(
            manifests: images.map(\.descriptor), annotations: known.merging(annotations) { $1 })
        descriptor = try store.add(index.json.encoded(), mediaType: .imageIndex)
    }
}
