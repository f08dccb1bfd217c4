package import OCI

/// The manifests and configs of an image in a registry, without its layers.
package struct ImageDocuments: Sendable {
    /// The descriptor of the manifest or index that the reference names.
    package let descriptor: Descriptor
    /// Verified manifests and configs by digest.
    package let documents: [Digest: [UInt8]]
}

extension RegistryClient {
    /// Fetches the manifests and configs of an image for all its platforms.
    package func documents(of reference: Reference) async throws(RegistryError) -> ImageDocuments {
        do throws(RegistryError) {
            return try await read(reference) { (client, access) throws(RegistryError) in
                try await client.documents(reference.identifier, access)
            }
        } catch { throw error.during("look at image \(reference)") }
    }

    private func documents(
        _ identifier: String, _ access: RepositoryAccess
    ) async throws(RegistryError) -> ImageDocuments {
        let top = try await manifest(identifier, access)
        var documents: [Digest: [UInt8]] = [:]
        // Attestations have the platform unknown/unknown, and describe no image.
        for (found, image) in try await manifests(from: top, access, where: { $0.platform?.os != "unknown" }) {
            documents[found.descriptor.digest] = found.content
            if let image { documents[image.config.digest] = try await smallBlob(image.config, access) }
        }
        return ImageDocuments(descriptor: top.descriptor, documents: documents)
    }
}
