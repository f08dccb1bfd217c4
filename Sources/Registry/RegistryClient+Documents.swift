import JSON
public import OCI

/// What a registry says of an image, without its layers.
public struct ImageDocuments: Sendable {
    /// The manifest or the list of manifests that the reference leads to.
    public let descriptor: Descriptor
    /// Manifests and configs by their digests, verified.
    public let documents: [Digest: [UInt8]]
}

extension RegistryClient {
    /// Fetches the manifests and configs of an image for all its platforms.
    public func documents(of reference: Reference) async throws(RegistryError) -> ImageDocuments {
        do throws(RegistryError) {
            return try await read(reference) { (client, access) throws(RegistryError) in
                try await client.documents(reference.identifier, access)
            }
        } catch { throw error.during("look at image \(reference)") }
    }

    private func documents(
        _ identifier: String, _ access: RepositoryAccess
    ) async throws(RegistryError) -> ImageDocuments {
        var documents: [Digest: [UInt8]] = [:]
        let top = try await manifest(identifier, access)
        var next = [top]
        while let found = next.popLast() {
            documents[found.descriptor.digest] = found.content
            guard documents.count < 200 else { throw RegistryError(.unsuitable, "it has hundreds of manifests") }
            if found.descriptor.mediaType.isIndex {
                let index = try found.decoded { (json) throws(JSONError) in try ImageIndex(json: json) }
                // Attestations are for no platform, and describe no image.
                for child in index.manifests where child.platform?.os != "unknown" && documents[child.digest] == nil {
                    next.append(try await manifest(child.digest.description, access))
                }
            } else {
                let image = try found.decoded { (json) throws(JSONError) in try ImageManifest(json: json) }
                documents[image.config.digest] = try await smallBlob(image.config, access)
            }
        }
        return ImageDocuments(descriptor: top.descriptor, documents: documents)
    }
}
