import JSON
package import OCI

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
    package func image(_ descriptor: Descriptor, platform: Platform = .current) throws(ImageStoreError) -> StoredImage {
        let content = try read(descriptor)
        let thing = "image \(descriptor.digest)"
        let document = try decode(thing) { () throws(JSONError) in try JSONValue(parsing: content) }
        if descriptor.mediaType.isIndex {
            let index = try decode(thing) { () throws(JSONError) in try ImageIndex(json: document) }
            guard let match = index.manifest(for: platform), match.mediaType.isImageManifest else {
                throw ImageStoreError("read \(thing)", "it has no image for \(platform)")
            }
            return try image(match, platform: platform)
        }
        let manifest = try decode(thing) { () throws(JSONError) in try ImageManifest(json: document) }
        let configContent = try read(manifest.config)
        let config = try decode("config \(manifest.config.digest)") { () throws(JSONError) in
            try ImageConfig(json: try JSONValue(parsing: configContent))
        }
        guard config.diffIDs.count == manifest.layers.count else {
            let counts = "its config names \(config.diffIDs.count) layers, its manifest \(manifest.layers.count)"
            throw ImageStoreError("read \(thing)", counts)
        }
        return StoredImage(descriptor: descriptor, manifestContent: content, manifest: manifest, config: config)
    }

    /// Returns the images behind a descriptor: of an index those of all platforms in order, without attestations.
    package func images(_ descriptor: Descriptor) throws(ImageStoreError) -> [StoredImage] {
        guard descriptor.mediaType.isIndex else { return [try image(descriptor)] }
        let document = try document(descriptor)
        let index = try decode("image \(descriptor.digest)") { () throws(JSONError) in try ImageIndex(json: document) }
        var images: [StoredImage] = []
        for child in index.manifests where child.platform?.os != "unknown" && child.mediaType.isImageManifest {
            images.append(try image(child))
        }
        return images
    }

    /// Returns a manifest or an index as JSON.
    func document(_ descriptor: Descriptor) throws(ImageStoreError) -> JSONValue {
        let content = try read(descriptor)
        return try decode("image \(descriptor.digest)") { () throws(JSONError) in try JSONValue(parsing: content) }
    }

    /// Returns the layers of an image that are not in the store; ``sources(of:)`` returns where they are.
    package func missingLayers(of image: StoredImage) -> [Descriptor] {
        image.manifest.layers.filter { !contains($0) }
    }
}
