package import OCI
package import SystemPackage

/// An image in an OCI layout outside the store, or in an archive.
///
/// It is written `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:TAG]`.
package struct LayoutSource: Sendable, Hashable, CustomStringConvertible {
    /// The format of the source.
    package enum Format: String, Sendable, Hashable {
        /// An OCI layout as a folder.
        case folder = "oci"
        /// A tar of an OCI layout, compressed or not.
        case archive = "oci-archive"
        /// A tar written by `docker save`, with or without an OCI layout in it.
        case dockerArchive = "docker-archive"
    }

    package let format: Format
    /// The folder or file.
    package let path: FilePath
    /// The image's tag or name in the source; nil if the source has only one image.
    package let tag: String?

    package init(_ format: Format, _ path: FilePath, tag: String?) {
        self.format = format
        self.path = path
        self.tag = tag
    }

    /// The source as users write it.
    package var description: String { "\(format.rawValue):\(path)" + (tag.map { ":\($0)" } ?? "") }
}

extension ImageStore {
    /// Adds the layers of an image to the store after verifying them, and returns its manifest and config.
    package func addLayers(of source: LayoutSource, platform: Platform) throws(ImageStoreError) -> StoredImage {
        let action = "use \(source)"
        let content = try self.content(of: source, action)
        let image = try LayoutImage(content, action: action).find(tag: source.tag, platform: platform)
        try content.add(image.manifest.layers.filter { !contains($0) }, to: self)
        return image
    }

    /// Adds an image to the store, for one platform or everything that its index lists; verifies each blob.
    package func addImage(of source: LayoutSource, platform: Platform?) throws(ImageStoreError) -> Descriptor {
        let action = "use \(source)"
        if source.format == .dockerArchive, let image = try DockerArchive(source.path, action: action) {
            return try image.add(to: self, tag: source.tag)
        }
        let content = try self.content(of: source, action)
        let found = try LayoutImage(content, action: action).documents(tag: source.tag, platform: platform)
        try content.add(found.layers.filter { !contains($0) }, to: self)
        // Each document is added after those that it refers to.
        for document in found.documents { _ = try add(document.content, mediaType: document.mediaType) }
        return found.descriptor
    }

    private func content(of source: LayoutSource, _ action: String) throws(ImageStoreError) -> any LayoutContent {
        switch source.format {
        case .folder: LayoutFolder(source.path, action: action)
        case .archive, .dockerArchive: try LayoutArchive(source.path, action: action)
        }
    }
}

/// Access to the files of an OCI layout.
protocol LayoutContent {
    /// Returns the bytes of `index.json`.
    func index() throws(ImageStoreError) -> [UInt8]
    /// Returns the bytes of a manifest or config, not yet verified.
    func document(_ blob: Descriptor) throws(ImageStoreError) -> [UInt8]
    /// Copies blobs into the store, which verifies them.
    func add(_ blobs: [Descriptor], to store: ImageStore) throws(ImageStoreError)
}
