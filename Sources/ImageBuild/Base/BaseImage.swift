public import ImageStore
public import OCI

/// The image that another one stands on: what is known of it without its layers.
public struct BaseImage: Sendable {
    /// The name that it was asked for by.
    public internal(set) var name: String
    /// What it was asked for, pinned to the digest of its manifest.
    public let reference: Reference
    /// Its layers, the lowest first.
    public let layers: [Descriptor]
    /// Its config with everything in it, known or not.
    public let config: ImageConfig
    /// Where its blobs are.
    public let source: BlobSource
    /// The list of manifests that it was found in, nil where there was none.
    public let index: Digest?

    /// A base from its manifest and config.
    public init(
        reference: Reference, digest: Digest, manifest: ImageManifest, config: ImageConfig, index: Digest? = nil
    ) throws(ImageBuildError) {
        guard config.diffIDs.count == manifest.layers.count else {
            throw ImageBuildError(
                "use base \(reference)",
                "its config names \(config.diffIDs.count) layers, its manifest \(manifest.layers.count)")
        }
        name = reference.description
        self.reference = reference.pinned(to: digest)
        self.layers = manifest.layers.map(Self.asOCI)
        self.config = config
        self.index = index
        source = BlobSource(registry: reference.registry, repository: reference.repository)
    }

    /// Docker's names for layers as OCI's: the bytes are the same, and one manifest must not mix the two.
    private static func asOCI(_ layer: Descriptor) -> Descriptor {
        var layer = layer
        if layer.mediaType == .dockerLayerGzip { layer.mediaType = .layerGzip }
        return layer
    }
}

/// Where bases come from.
public protocol BaseImageSource: Sendable {
    /// The manifest and config of an image for a platform; no layer is fetched.
    func baseImage(_ reference: Reference, for platform: Platform) async throws -> BaseImage
}
