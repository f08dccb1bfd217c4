package import ImageLayers
package import ImageStore
package import OCI
package import Registry

/// Base images from registries, whose layers stay in the registry.
extension RegistryClient: BaseImageSource {
    /// Returns the verified manifest and config of an image for a platform.
    package func baseImage(_ reference: Reference, for platform: Platform) async throws -> BaseImage {
        let image = try await resolve(reference, platform: platform)
        return try BaseImage(
            reference: reference, digest: image.descriptor.digest, manifest: image.manifest, config: image.config,
            index: image.index)
    }

    /// Fetches the layers that the store lacks from the base's repository.
    package func fetch(_ layers: [Descriptor], of base: BaseImage, into store: ImageStore) async throws {
        if let source = base.source {
            for layer in layers { try store.remember(source, of: layer.digest) }
        }
        try await fetch(layers.filter { !store.contains($0) }, in: store)
    }
}
