package import OCI

extension ImageStore {
    /// Adds the layers of an image to the store after verifying them, and returns its manifest and config.
    package func addLayers(of source: LayoutLocation, platform: Platform) throws -> StoredImage {
        let action = "use \(source)"
        let content = try self.content(of: source, action)
        let image = try LayoutImage(content, action: action).find(tag: source.name, platform: platform)
        try content.add(image.manifest.layers.filter { !contains($0) }, to: self)
        return image
    }

    /// Adds an image to the store, for one platform or everything that its index lists; verifies each blob.
    package func addImage(of source: LayoutLocation, platform: Platform?) throws -> Descriptor {
        let action = "use \(source)"
        if source.form == .dockerArchive, let image = try DockerArchive(source.path, action: action) {
            return try image.add(to: self, tag: source.name)
        }
        let content = try self.content(of: source, action)
        let found = try LayoutImage(content, action: action).documents(tag: source.name, platform: platform)
        try content.add(found.layers.filter { !contains($0) }, to: self)
        // Each document is added after those that it refers to.
        for document in found.documents { _ = try add(document.content, mediaType: document.mediaType) }
        return found.descriptor
    }

    private func content(of source: LayoutLocation, _ action: String) throws -> any LayoutContent {
        switch source.form {
        case .layout: LayoutFolder(source.path, action: action)
        case .ociArchive, .dockerArchive: try LayoutArchive(source.path, action: action)
        }
    }
}

/// Access to the files of an OCI layout.
protocol LayoutContent {
    /// Returns the bytes of `index.json`.
    func index() throws -> [UInt8]
    /// Returns the bytes of a manifest or config, not yet verified.
    func document(_ blob: Descriptor) throws -> [UInt8]
    /// Copies blobs into the store, which verifies them.
    func add(_ blobs: [Descriptor], to store: ImageStore) throws
}
