package import ImageStore
package import OCI

/// An image in a registry whose manifests and configs are in a store; its layers may remain in the registry.
package struct AddedImage: Sendable {
    /// The descriptor of the manifest or index; with a platform, of that platform's manifest.
    package let descriptor: Descriptor
    /// The digests of all manifests of the image.
    package let manifests: [Digest]

    package init(descriptor: Descriptor, manifests: [Digest]) {
        self.descriptor = descriptor
        self.manifests = manifests
    }
}

extension RegistryClient {
    /// Adds the manifests and configs of an image to a store, for one platform or all, and records where its layers
    /// are.
    ///
    /// The bytes are stored as received. For all platforms, the manifests without a platform, such as attestations, are
    /// added too, so that the index is complete.
    package func add(
        _ reference: Reference, platform: Platform?, to store: ImageStore
    ) async throws(RegistryError) -> AddedImage {
        do throws(RegistryError) {
            if let platform {
                let image = try await addBase(reference, platform: platform, to: store)
                return AddedImage(descriptor: image.descriptor, manifests: [image.descriptor.digest])
            }
            return try await read(reference) { (client, access) throws(RegistryError) in
                try await client.add(reference, access, to: store)
            }
        } catch { throw error.during("read image \(reference)") }
    }

    private func add(
        _ reference: Reference, _ access: RepositoryAccess, to store: ImageStore
    ) async throws(RegistryError) -> AddedImage {
        let top = try await manifest(reference.identifier, access)
        let source = BlobSource(registry: reference.registry, repository: reference.repository)
        let found = try await manifests(from: top, access)
        for case let (manifest, image?) in found {
            let config = try await smallBlob(image.config, access)
            do {
                _ = try store.add(config, mediaType: image.config.mediaType)
                for blob in image.layers + [image.config] { try store.remember(source, of: blob.digest) }
                _ = try store.add(manifest.content, mediaType: manifest.descriptor.mediaType)
            } catch { throw RegistryError(.local, "\(error)") }
        }
        // Indexes are added after the manifests that they list.
        for (manifest, image) in found.reversed() where image == nil {
            do {
                _ = try store.add(manifest.content, mediaType: manifest.descriptor.mediaType)
            } catch { throw RegistryError(.local, "\(error)") }
        }
        return AddedImage(descriptor: top.descriptor, manifests: found.map(\.manifest.descriptor.digest))
    }
}
