import JSON
package import OCI

/// What an image is: its platforms, configs and layers.
package struct ImageReport: Sendable {
    /// One layer with what made it.
    package struct Layer: Sendable {
        /// The blob.
        package let descriptor: Descriptor
        /// The digest of its tar.
        package let diffID: Digest?
        /// The line of history that belongs to it, nil where history and layers do not fit.
        package let createdBy: String?
        /// True where its content is on this machine.
        package let isPresent: Bool
    }

    let name: String
    let descriptor: Descriptor
    let images: [(image: PlatformImage, layers: [Layer])]

    /// Describes an image, or the platforms of it that fit.
    package init(_ found: FoundImage, platform: Platform?) throws(InspectionError) {
        name = found.name
        descriptor = found.descriptor
        images = try found.images(platform: platform).map { ($0, Self.layers(of: $0, in: found)) }
    }

    private static func layers(of image: PlatformImage, in found: FoundImage) -> [Layer] {
        let history = (image.config.json["history"]?.array ?? []).filter { $0["empty_layer"]?.bool != true }
        let diffIDs = image.config.diffIDs
        let layers = image.manifest.layers
        return layers.enumerated().map { number, layer in
            let entry = history.count == layers.count ? history[number] : nil
            return Layer(
                descriptor: layer, diffID: diffIDs.count == layers.count ? diffIDs[number] : nil,
                createdBy: entry?["created_by"]?.string ?? entry?["comment"]?.string,
                isPresent: found.contains(layer))
        }
    }
}

extension PlatformImage {
    /// What the image says that it stands on; buildah writes an empty name for scratch.
    var base: (name: String, digest: String?)? {
        let annotations = manifest.annotations
        guard let name = annotations["org.opencontainers.image.base.name"], !name.isEmpty else { return nil }
        return (name, annotations["org.opencontainers.image.base.digest"])
    }

    /// The bytes that a registry sends for it.
    package var compressedSize: Int64 {
        ([manifest.config] + manifest.layers).reduce(descriptor.size) { $0 + $1.size }
    }
}
