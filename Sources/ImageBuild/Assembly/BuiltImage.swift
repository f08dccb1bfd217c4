package import ImageStore
package import JSON
package import OCI

/// An image that was built for one platform, in the store.
package struct PlatformImage: Sendable {
    /// The manifest, with its platform.
    package let descriptor: Descriptor
    /// What it runs on.
    package let platform: Platform
    /// The layers that the build made, the lowest first.
    package let layers: [BuiltLayer]
    let base: BaseImage?

    /// The base's layers below them, which need not be in the store.
    package var baseLayers: [Descriptor] { base?.layers ?? [] }

    /// Its digest and its layers.
    package var json: JSONValue {
        [
            "platform": .string(platform.description), "digest": .string(descriptor.digest.description),
            "layers": .array(layers.map(\.json)), "base_layers": .array(baseLayers.map(\.json)),
        ]
    }
}

/// An image that was built for all of its platforms, in the store.
package struct BuiltImage: Sendable {
    /// The only platform's manifest, or an index.
    package let descriptor: Descriptor
    /// One for each platform, in the index's order.
    package let images: [PlatformImage]

    /// The image itself where it is for one platform, else an index of the images, written to the store.
    ///
    /// Those who run the oldest of tools get the first one that fits, so that the order is the user's.
    package init(
        joining images: [PlatformImage], annotations: [String: String], in store: ImageStore
    ) throws(ImageBuildError) {
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
        descriptor = try stored { () throws(ImageStoreError) in
            try store.add(index.json.encoded(), mediaType: .imageIndex)
        }
    }
}
