import JSON
package import OCI
import Wording

/// The manifest and config of an image for one platform in the store.
package struct StoredImage: Sendable {
    /// The manifest's descriptor.
    package let descriptor: Descriptor
    /// The manifest's bytes as received, which a push sends unchanged.
    package let manifestContent: [UInt8]
    package let manifest: ImageManifest
    package let config: ImageConfig
}

extension ImageStore {
    /// Reads an image; from an index it takes the first one for the platform.
    package func image(_ descriptor: Descriptor, platform: Platform = .current) throws -> StoredImage {
        let content = try read(descriptor)
        let thing = "image \(descriptor.digest)"
        let document = try attempt("read \(thing)") { try JSONValue(parsing: content) }
        if descriptor.mediaType.isIndex {
            let index = try attempt("read \(thing)") { try ImageIndex(json: document) }
            guard let match = index.manifest(for: platform), match.mediaType.isImageManifest else {
                throw Failure("read \(thing)", "it has no image for \(platform)")
            }
            return try image(match, platform: platform)
        }
        let manifest = try attempt("read \(thing)") { try ImageManifest(json: document) }
        let configContent = try read(manifest.config)
        let config = try attempt("read config \(manifest.config.digest)") {
            try ImageConfig(json: try JSONValue(parsing: configContent))
        }
        guard config.diffIDs.count == manifest.layers.count else {
            let counts = "its config names \(config.diffIDs.count) layers, its manifest \(manifest.layers.count)"
            throw Failure("read \(thing)", counts)
        }
        return StoredImage(descriptor: descriptor, manifestContent: content, manifest: manifest, config: config)
    }

    /// Returns the images behind a descriptor: of an index those of all platforms in order, without attestations.
    package func images(_ descriptor: Descriptor) throws -> [StoredImage] {
        guard descriptor.mediaType.isIndex else { return [try image(descriptor)] }
        let document = try document(descriptor)
        let index = try attempt("read image \(descriptor.digest)") { try ImageIndex(json: document) }
        var images: [StoredImage] = []
        for child in index.manifests where child.platform?.os != "unknown" && child.mediaType.isImageManifest {
            images.append(try image(child))
        }
        return images
    }

    /// Returns a manifest or an index as JSON.
    func document(_ descriptor: Descriptor) throws -> JSONValue {
        let content = try read(descriptor)
        return try attempt("read image \(descriptor.digest)") { try JSONValue(parsing: content) }
    }

    /// Returns the layers of an image that are not in the store; ``sources(of:)`` returns where they are.
    package func missingLayers(of image: StoredImage) -> [Descriptor] {
        image.manifest.layers.filter { !contains($0) }
    }
}
