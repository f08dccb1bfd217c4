package import ImageStore
package import OCI
import Wording

/// A base image: its manifest and config, without the content of its layers.
package struct BaseImage: Sendable {
    /// The reference that it was requested by; nil for an image that is only on this machine.
    package var name: String?
    /// The digest of its manifest.
    package let digest: Digest
    /// The layers, the lowest first.
    package let layers: [Descriptor]
    /// The whole config, including members that this program does not interpret.
    package let config: ImageConfig
    /// The repository that has the layers; nil if they are in the store.
    package let source: BlobSource?
    /// The digest of the index that listed the manifest; nil if there was none.
    package let index: Digest?

    /// Creates a base from a manifest and config, whose layers stay in the registry.
    package init(
        reference: Reference, digest: Digest, manifest: ImageManifest, config: ImageConfig, index: Digest? = nil
    ) throws {
        let source = BlobSource(registry: reference.registry, repository: reference.repository)
        let name = reference.description
        try self.init(name, digest, manifest, config, source: source, name: name, index: index)
    }

    /// Creates a base whose layers are in the store.
    package init(stored image: StoredImage, asked: String) throws {
        try self.init(asked, image.descriptor.digest, image.manifest, image.config, source: nil, name: nil, index: nil)
    }

    private init(
        _ asked: String, _ digest: Digest, _ manifest: ImageManifest, _ config: ImageConfig, source: BlobSource?,
        name: String?, index: Digest?
    ) throws {
        guard config.diffIDs.count == manifest.layers.count else {
            throw Failure(
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

    /// Replaces Docker's media types for layers with OCI's.
    ///
    /// The bytes are the same, and one manifest must not mix the two.
    private static func asOCI(_ layer: Descriptor) -> Descriptor {
        var layer = layer
        layer.mediaType = layer.mediaType.asOCI
        return layer
    }
}

/// A source of base images, such as a registry.
package protocol BaseImageSource: Sendable {
    /// Returns the manifest and config of an image for a platform; fetches no layer.
    func baseImage(_ reference: Reference, for platform: Platform) async throws -> BaseImage
    /// Fetches those of the layers that the store lacks.
    func fetch(_ layers: [Descriptor], of base: BaseImage, into store: ImageStore) async throws
}
