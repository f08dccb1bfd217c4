package import OCI
package import SystemPackage

/// An image in somebody else's OCI layout: `oci:DIR[:TAG]`, or a tar of one, `oci-archive:FILE[:TAG]`.
package struct LayoutSource: Sendable, Hashable, CustomStringConvertible {
    /// What form the layout has.
    package enum Format: String, Sendable, Hashable {
        /// A folder.
        case folder = "oci"
        /// A tar of such a folder, compressed or not.
        case archive = "oci-archive"
        /// A tar that docker has saved, with or without a layout in it.
        case dockerArchive = "docker-archive"
    }

    /// What form it has.
    package let format: Format
    /// The folder or file.
    package let path: FilePath
    /// What the image is called there; nil where it is the only one.
    package let tag: String?

    /// An image in a layout.
    package init(_ format: Format, _ path: FilePath, tag: String?) {
        self.format = format
        self.path = path
        self.tag = tag
    }

    /// As people write it.
    package var description: String { "\(format.rawValue):\(path)" + (tag.map { ":\($0)" } ?? "") }
}

extension ImageStore {
    /// Brings the layers of an image into the store, each verified, and tells what its manifest and config say.
    package func addLayers(of source: LayoutSource, platform: Platform) throws(ImageStoreError) -> StoredImage {
        let action = "use \(source)"
        let content = try self.content(of: source, action)
        let image = try LayoutImage(content, action: action).find(tag: source.tag, platform: platform)
        try content.add(image.manifest.layers.filter { !contains($0) }, to: self)
        return image
    }

    /// Brings an image into the store, for one platform or with everything that its index lists, each blob verified.
    package func addImage(of source: LayoutSource, platform: Platform?) throws(ImageStoreError) -> Descriptor {
        let action = "use \(source)"
        if source.format == .dockerArchive, let image = try DockerArchive(source.path, action: action) {
            return try image.add(to: self, tag: source.tag)
        }
        let content = try self.content(of: source, action)
        let found = try LayoutImage(content, action: action).documents(tag: source.tag, platform: platform)
        try content.add(found.layers.filter { !contains($0) }, to: self)
        // Every document comes after what it names.
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

/// Where the files of a layout are read from.
protocol LayoutContent {
    /// The bytes of `index.json`.
    func index() throws(ImageStoreError) -> [UInt8]
    /// The bytes of a manifest or config, not verified yet.
    func document(_ blob: Descriptor) throws(ImageStoreError) -> [UInt8]
    /// Copies blobs into the store, which verifies them.
    func add(_ blobs: [Descriptor], to store: ImageStore) throws(ImageStoreError)
}
