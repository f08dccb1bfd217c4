import JSON
package import OCI

/// A description of an image: its platforms, configs and layers.
package struct ImageReport: Sendable {
    /// A layer with the history entry that created it.
    package struct Layer: Sendable {
        package let descriptor: Descriptor
        /// The digest of its uncompressed tar.
        package let diffID: Digest?
        /// The text of its history entry; nil if the numbers of history entries and layers differ.
        package let createdBy: String?
        /// True if its content is on this machine.
        package let isPresent: Bool
    }

    let name: String
    let descriptor: Descriptor
    let images: [(image: PlatformImage, layers: [Layer])]

    /// Describes an image for all platforms, or for one.
    package init(_ found: FoundImage, platform: Platform?) throws {
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
    /// The base image by its annotations; buildah writes an empty name for scratch, which counts as none.
    var base: (name: String, digest: String?)? {
        let annotations = manifest.annotations
        guard let name = annotations["org.opencontainers.image.base.name"], !name.isEmpty else { return nil }
        return (name, annotations["org.opencontainers.image.base.digest"])
    }

    /// The bytes that a registry sends for the image.
    package var compressedSize: Int64 {
        ([manifest.config] + manifest.layers).reduce(descriptor.size) { $0 + $1.size }
    }
}
