package import ImageStore
package import OCI
package import Registry

/// Bases come from registries; their layers stay there.
extension RegistryClient: BaseImageSource {
    /// The manifest and config of an image for a platform, verified.
    package func baseImage(_ reference: Reference, for platform: Platform) async throws -> BaseImage {
        let image = try await resolve(reference, platform: platform)
        return try BaseImage(
            reference: reference, digest: image.descriptor.digest, manifest: image.manifest, config: image.config,
            index: image.index)
    }

    /// Fetches those of some layers that a store lacks from the repository that the base came from.
    package func fetch(_ layers: [Descriptor], of base: BaseImage, into store: ImageStore) async throws {
        if let source = base.source {
            for layer in layers { try store.remember(source, of: layer.digest) }
        }
        try await fetch(layers.filter { !store.contains($0) }, in: store)
    }
}
