package import ImageStore
package import OCI

/// The image that another one stands on: what is known of it without its layers.
package struct BaseImage: Sendable {
    /// The name that it was asked for by, nil where only this machine knows it.
    package internal(set) var name: String?
    /// The digest of its manifest.
    package let digest: Digest
    /// Its layers, the lowest first.
    package let layers: [Descriptor]
    /// Its config with everything in it, known or not.
    package let config: ImageConfig
    /// Where its layers are, nil where they are in the store.
    package let source: BlobSource?
    /// The list of manifests that it was found in, nil where there was none.
    package let index: Digest?

    /// A base from its manifest and config, whose layers stay in a registry.
    package init(
        reference: Reference, digest: Digest, manifest: ImageManifest, config: ImageConfig, index: Digest? = nil
    ) throws(ImageBuildError) {
        let source = BlobSource(registry: reference.registry, repository: reference.repository)
        let name = reference.description
        try self.init(name, digest, manifest, config, source: source, name: name, index: index)
    }

    /// A base whose layers are in the store.
    init(stored image: StoredImage, asked: String) throws(ImageBuildError) {
        try self.init(asked, image.descriptor.digest, image.manifest, image.config, source: nil, name: nil, index: nil)
    }

    private init(
        _ asked: String, _ digest: Digest, _ manifest: ImageManifest, _ config: ImageConfig, source: BlobSource?,
        name: String?, index: Digest?
    ) throws(ImageBuildError) {
        guard config.diffIDs.count == manifest.layers.count else {
            throw ImageBuildError(
                "use base \(asked)",
                "its config names \(config.diffIDs.count) layers, its manifest \(manifest.layers.count)")
        }
        self.name = name
        self.digest = digest
        self.layers = manifest.layers.map(Self.asOCI)
        self.config = config
        self.source = source
        self.index = index
    }

    /// Docker's names for layers as OCI's: the bytes are the same, and one manifest must not mix the two.
    private static func asOCI(_ layer: Descriptor) -> Descriptor {
        var layer = layer
        layer.mediaType = layer.mediaType.asOCI
        return layer
    }
}

/// Where bases come from.
package protocol BaseImageSource: Sendable {
    /// The manifest and config of an image for a platform; no layer is fetched.
    func baseImage(_ reference: Reference, for platform: Platform) async throws -> BaseImage
    /// Brings those of some layers of a base into a store that it lacks.
    func fetch(_ layers: [Descriptor], of base: BaseImage, into store: ImageStore) async throws
}
